# Makes latent_scores.json with lavaan 0.6-14, psych 2.2.9, semTools 0.5-6, mice 3.15.0 and mitools 2.4: factor scores of confirmatory models with their
# standard errors, scores that keep correlations, paths from scores, plausible values, and pooling. Fits are run to a tight minimum.
# (lavaan:::fsr stops with an error in this version; its naive and Skrondal-Laake ways are lavPredict and lm here.)
# Run it in this folder: Rscript latent_scores.R
suppressMessages({library(lavaan); library(psych); library(semTools); library(mitools); library(mice); library(jsonlite)})
hs <- HolzingerSwineford1939
hm <- hs; for (j in 1:9) { i <- seq_len(nrow(hs)); hm[[paste0("x", j)]][(7 * i + 3 * j) %% 11 == 0] <- NA }
hm$x9[which(hs$x1 < 3.5 & (seq_len(nrow(hs)) %% 2 == 0))] <- NA
m3 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
second <- "\ng =~ visual + textual + speed"
tight <- function(f, ...) for (tol in c(1e-13, 1e-12, 1e-11, 1e-10)) {
  fit <- suppressWarnings(f(..., control = list(rel.tol = tol))); if (lavInspect(fit, "converged")) return(fit)
}
plain <- function(x) { x <- unclass(x); attributes(x) <- list(dim = dim(x)); x }
scores <- function(fit, rows) lapply(c(regression = "EBM", bartlett = "Bartlett"), function(m) {
  p <- lavPredict(fit, method = m, se = "standard")
  s <- do.call(rbind, lapply(attr(p, "se"), function(e) plain(e)))
  p <- if (is.list(p)) do.call(rbind, p) else p
  list(scores = plain(p)[rows, ], se = if (nrow(s) == 1) s else s[rows, ])
})
F <- list(complete = tight(cfa, m3, hs), missing = tight(cfa, m3, hm, missing = "ml"),
  second = tight(cfa, paste0(m3, second), hs), free = tight(cfa, m3, hs, std.lv = TRUE, meanstructure = TRUE))
out <- list(scores = list(complete = scores(F$complete, 1:20), missing = scores(F$missing, 1:40),
  second = scores(F$second, 1:20)["regression"]))

st <- lavInspect(F$complete, "std"); R <- cov2cor(unclass(fitted(F$complete)$cov)); L <- unclass(st$lambda); P <- unclass(st$psi)
Z <- scale(hs[paste0("x", 1:9)], scale = sqrt(diag(unclass(fitted(F$complete)$cov))))
ten <- factor.scores(Z, L, Phi = P, method = "tenBerge", rho = R)
out$ten_berge <- list(scores = plain(ten$scores)[1:20, ], weights = plain(ten$weights), correlation = as.numeric(ten$R2))
out$regression_r2 <- as.numeric(factor.scores(Z, L, Phi = P, method = "Thurstone", rho = R)$R2)

# Paths: sam with all latent variables in one measurement model, or each in its own
full <- paste0(m3, "\ntextual ~ a*visual\nspeed ~ visual + b*textual\nab := a*b")
covariate <- paste0(m3, "\ntextual ~ visual + ageyr\nspeed ~ textual + ageyr + sex")
one <- list(c("visual", "textual", "speed"))
sam_of <- function(model, data, ...) for (tol in c(1e-13, 1e-12, 1e-11, 1e-10)) {
  tol <- list(control = list(rel.tol = tol))
  f <- try(suppressWarnings(sam(model, data, sam.method = "local", mm.args = tol, struc.args = tol, ...)), silent = TRUE)
  if (inherits(f, "try-error")) next
  pe <- parameterEstimates(f); return(pe[pe$op %in% c("~", ":="), c("lhs", "op", "rhs", "est")])
}
out$sam <- list(joint = sam_of(full, hs, mm.list = one), apart = sam_of(full, hs), covariates = sam_of(covariate, hs, mm.list = one))
pe <- parameterEstimates(tight(sem, full, hs)); out$sem <- pe[pe$op %in% c("~", ":="), c("lhs", "op", "rhs", "est", "se")]
pe <- parameterEstimates(tight(sem, covariate, hs)); out$sem_covariates <- pe[pe$op %in% c("~", ":="), c("lhs", "op", "rhs", "est", "se")]
v <- tight(cfa, "visual =~ x1 + x2 + x3", hs); tx <- tight(cfa, "textual =~ x4 + x5 + x6", hs)
x <- as.numeric(lavPredict(v)); y <- as.numeric(lavPredict(tx)); yb <- as.numeric(lavPredict(tx, method = "Bartlett"))
out$paths <- list(naive = unname(coef(lm(y ~ x))[2]), skrondal_laake = unname(coef(lm(yb ~ x))[2]))
p <- as.data.frame(unclass(lavPredict(F$complete)))
out$paths$naive_joint <- unname(coef(lm(speed ~ visual + textual, p))[2:3])

# Plausible values: mean over sets of each set's covariances, and of its regression speed on visual and textual
pv <- plausibleValues(F$free, nDraws = 400, seed = 20)
M <- lapply(pv, function(d) cov(d[c("visual", "textual", "speed")]))
B <- sapply(pv, function(d) coef(lm(speed ~ visual + textual, d))[2:3])
E <- sapply(pv, function(d) d$visual[1:10])
out$plausible <- list(draws = 400, cov = plain(Reduce(`+`, M) / length(M)), sd_cov = plain(apply(simplify2array(M), 1:2, sd)),
  slopes = rowMeans(B), sd_slopes = apply(B, 1, sd), mean_rows = rowMeans(E), sd_rows = apply(E, 1, sd))

Q <- list(c(a = 0.52, b = -1.2), c(a = 0.47, b = -1.1), c(a = 0.55, b = -1.35), c(a = 0.50, b = -1.25), c(a = 0.46, b = -1.0))
U <- list(diag(c(0.01, 0.2)), diag(c(0.012, 0.21)), diag(c(0.011, 0.19)), diag(c(0.01, 0.2)), diag(c(0.012, 0.22)))
pooled <- function(n) {
  found <- lapply(1:2, function(k) pool.scalar(sapply(Q, `[`, k), sapply(U, function(u) u[k, k]), n = n, k = 1))
  list(est = sapply(found, `[[`, "qbar"), se = sqrt(sapply(found, `[[`, "t")), df = sapply(found, `[[`, "df"), r = sapply(found, `[[`, "r"), fmi = sapply(found, `[[`, "fmi"))
}
both <- MIcombine(Q, U); limits <- NULL; invisible(capture.output(limits <- summary(both)))
out$pooled <- list(estimates = do.call(rbind, lapply(Q, unname)), variances = t(sapply(U, diag)), df98 = pooled(99), unlimited = pooled(Inf),
  lower = limits[["(lower"]], upper = limits[["upper)"]])
out$meta <- list(lavaan = as.character(packageVersion("lavaan")), psych = as.character(packageVersion("psych")),
  semTools = as.character(packageVersion("semTools")), mice = as.character(packageVersion("mice")), mitools = as.character(packageVersion("mitools")), R = R.version.string)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, null = "null", na = "null", pretty = FALSE), "latent_scores.json")
