# Makes multilevel_reliability.json (R 4.2.2, lavaan 0.6-14) and data/demo_twolevel.csv. Data: lavaan::Demo.twolevel, multilevel::lq2002.
suppressMessages({library(lavaan); library(multilevel); library(jsonlite)})
tight <- list(rel.tol = 1e-12, x.tol = 1e-10, eval.max = 20000, iter.max = 20000)
fit <- function(model, data, cluster) sem(model, data, cluster = cluster, optim.method = "nlminb", control = tight, information = "expected", optim.force.converged = TRUE, baseline = FALSE)
two <- function(within, between) paste0("level: 1\n", within, "\nlevel: 2\n", between)
saturated <- function(items) {
  pairs <- paste(outer(items, items, function(a, b) paste(a, "~~", b))[upper.tri(diag(length(items)), TRUE)], collapse = "\n")
  two(pairs, pairs)
}
factor_model <- function(items, equal) {
  l <- if (equal) paste0("l", seq_along(items), "*") else ""
  term <- function(f, first) paste0(f, " =~ ", paste(c(if (first) paste0("NA*", items[1]), paste0(l, items)), collapse = " + "))
  within <- paste0(term("fw", TRUE), "\nfw ~~ 1*fw")
  between <- paste0(term("fb", TRUE), if (equal) "\nfb ~~ NA*fb" else "\nfb ~~ 1*fb")
  two(within, between)
}
figures <- function(f) {
  if (!lavInspect(f, "converged")) return(list(converged = FALSE))
  e <- lavInspect(f, "est")
  list(log_likelihood = fitMeasures(f, "logl")[[1]], chisq = fitMeasures(f, "chisq")[[1]], df = fitMeasures(f, "df")[[1]],
    unrestricted = fitMeasures(f, "unrestricted.logl")[[1]],
    W = unname(unclass(lavInspect(f, "implied")[[1]]$cov)), B = unname(unclass(lavInspect(f, "implied")[[2]]$cov)),
    loading_within = if (nrow(e[[1]]$lambda)) as.vector(e[[1]]$lambda) else NULL,
    loading_between = if (nrow(e[[2]]$lambda)) as.vector(e[[2]]$lambda) else NULL,
    residual_within = unname(diag(e[[1]]$theta)), residual_between = unname(diag(e[[2]]$theta)),
    factor_between = as.vector(e[[2]]$psi)[1], converged = lavInspect(f, "converged"))
}
data(lq2002)
demo <- Demo.twolevel[c("y1", "y2", "y3", "cluster")]
lead <- lq2002[c(sprintf("LEAD%02d", 1:11), "COMPID")]
items <- function(d) setdiff(names(d), c("cluster", "COMPID"))
one <- function(d, cluster) list(saturated = figures(fit(saturated(items(d)), d, cluster)),
  free = figures(fit(factor_model(items(d), FALSE), d, cluster)), equal = figures(fit(factor_model(items(d), TRUE), d, cluster)))
out <- list(`_provenance` = list(software = paste(R.version.string, "lavaan", packageVersion("lavaan")), script = "multilevel_reliability.R",
  data = "lavaan::Demo.twolevel (y1-y3, cluster), multilevel::lq2002 (LEAD01-LEAD11, COMPID)",
  call = "sem(model, cluster =, optim.method = 'nlminb', tight tolerances): all covariances free; one factor at each level, loadings free; equal across levels"),
  demo = one(demo, "cluster"), lead = tryCatch(one(lead, "COMPID"), error = function(e) conditionMessage(e)),
  team = one(lq2002[c(paste0("LEAD0", 1:5), "COMPID")], "COMPID"))
f <- fit(saturated(items(demo)), demo, "cluster"); p <- parameterEstimates(f)
out$demo$se <- list(within = p$se[p$block == 1 & p$op == "~~"], between = p$se[p$block == 2 & p$op == "~~"],
  lhs = p$lhs[p$block == 1 & p$op == "~~"], rhs = p$rhs[p$block == 1 & p$op == "~~"])
write_json(out, "multilevel_reliability.json", auto_unbox = TRUE, digits = NA)
write.csv(demo, "data/demo_twolevel.csv", row.names = FALSE)
