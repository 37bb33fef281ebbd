# Makes alignment.json (R 4.2.2, lavaan 0.6-14): configural loadings and intercepts of data drawn here, and beside them what the
# documentation of two packages prints for the same draws; these packages are not run.
#  - cohorts: DMAR 1.0.0, reference page of measurement_alignment; five groups. Its "fixed" keeps mean 0 and variance 1 of the
#    first group while the loss is minimised.
#  - studies: sirt, page of invariance.alignment, example 4; two studies of 38 items, all loadings 1, with eps = .01.
suppressMessages({library(lavaan); library(jsonlite)})
set.seed(113)
n_g <- c(400, 450, 380, 500, 420)
mean_g <- c(0, 0.30, -0.50, 0.80, 0.20); sd_g <- c(1, 1.20, 0.80, 1.10, 0.90)
lambda <- matrix(0.8, 5, 6); nu <- matrix(1.0, 5, 6); lambda[2, 3] <- 0.3; nu[4, 5] <- 1.8
d <- do.call(rbind, lapply(1:5, function(g) {
  eta <- rnorm(n_g[g], mean_g[g], sd_g[g])
  x <- sapply(1:6, function(i) nu[g, i] + lambda[g, i] * eta + rnorm(n_g[g], 0, 0.6))
  data.frame(x, cohort = paste0("cohort_", g))
}))
names(d)[1:6] <- paste0("x", 1:6)
e <- lavInspect(cfa(paste("f =~", paste0("x", 1:6, collapse = "+")), d, group = "cohort", std.lv = TRUE), "est")
cohorts <- list(n = n_g, lambda = t(sapply(e, function(g) as.vector(g$lambda))), nu = t(sapply(e, function(g) as.vector(g$nu))),
  printed = list(factor_mean = c(0, 0.328, -0.54, 0.861, 0.213), factor_variance = c(1, 1.53, 0.581, 1.28, 0.783),
    R2_loadings = c(0.9999162, 0.9976032, 0.9079726, 0.9994612, 0.9996394, 0.9983087),
    R2_intercepts = c(0.9999097, 0.9989362, 0.9968054, 0.9995481, 0.9525477, 0.9992106),
    loss_loadings = c(1359.250, 1482.405, 2028.494, 1389.880, 1374.485, 1420.217),
    loss_intercepts = c(1371.846, 1470.454, 1381.886, 1418.496, 2399.982, 1427.319)))
set.seed(18785)
first <- rnorm(38, mean = .3, sd = 1.4)
differences <- rnorm(38, mean = .4, sd = .09) + (runif(38) > .9) * rep(1 * c(-1, 1) + .4, each = 19)
studies <- list(nu = rbind(first, first + differences), printed = list(mean = c(-0.207, 0.207)))
out <- list(`_provenance` = list(software = paste("R 4.2.2, lavaan", packageVersion("lavaan")), script = "alignment.R",
  data = "drawn in the script", printed = "documentation of DMAR 1.0.0 and of sirt (example 4)"),
  cohorts = cohorts, studies = studies)
write_json(out, "alignment.json", auto_unbox = TRUE, digits = NA, matrix = "rowmajor")
