# Makes correlated_errors.json with lavaan: an indirect effect with the errors of mediator and outcome correlated as given, and its
# standard error from the expected information. mediation::medsens answers the same question by iterated generalised least squares.
# Also the partial R2 and the t of lm, of the same data. Run it in this folder: Rscript correlated_errors.R
suppressMessages({library(lavaan); library(jsonlite)})
set.seed(20); n <- 300
W <- rnorm(n); X <- .4 * W + rnorm(n); M <- .5 * X + .3 * W + rnorm(n); Y <- .4 * M + .2 * X - .2 * W + rnorm(n)
data <- data.frame(X, M, Y, W)
one <- function(rho) {
  model <- sprintf("M ~ a*X + W\nY ~ b*M + X + W\nM ~~ v1*M\nY ~~ v2*Y\nM ~~ c*Y\nc == (%s)*sqrt(v1*v2)\nab := a*b", rho)
  fit <- sem(model, data, fixed.x = FALSE, control = list(rel.tol = 1e-14))
  row <- subset(parameterEstimates(fit), lhs == "ab"); list(rho = rho, estimate = row$est, se = row$se)
}
full <- summary(lm(Y ~ M + X + W, data))$coefficients
out <- list(versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))), n = n,
  names = names(data), covariance = unname(cov(data)) * (n - 1) / n, indirect = lapply(c(-.5, -.2, 0, .2, .35, .6), one),
  lm = list(estimate = full["M", 1], se = full["M", 2], df = n - 4, without.W = unname(summary(lm(Y ~ M + X, data))$coefficients["M", 1:2]),
    r2.cause = summary(lm(resid(lm(M ~ X)) ~ resid(lm(W ~ X))))$r.squared,
    r2.effect = summary(lm(resid(lm(Y ~ M + X)) ~ resid(lm(W ~ M + X))))$r.squared))
write_json(out, "correlated_errors.json", auto_unbox = TRUE, digits = NA, pretty = TRUE)
