# Makes lavaan_bootstrap.json with lavaan 0.6-14: standard errors from 4 000 drawn samples, and Bollen & Stine's p, each with the
# seed said. They are random: what draws otherwise comes within their Monte Carlo error.
# Run it in this folder: Rscript lavaan_bootstrap.R
suppressMessages({library(lavaan); library(jsonlite)})
hs <- HolzingerSwineford1939
m <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
med <- "x4 ~ a*x1\nx9 ~ b*x4 + c*x1\nab := a*b"
fit <- cfa(m, hs); path <- sem(med, hs, fixed.x = FALSE)
set.seed(1); plain <- bootstrapLavaan(fit, R = 4000); indirect <- bootstrapLavaan(path, R = 4000, FUN = function(f) prod(coef(f)[c("a", "b")]))
set.seed(2); stine <- bootstrapLavaan(fit, R = 4000, type = "bollen.stine", FUN = function(f) fitMeasures(f, "chisq"))
out <- list(versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))),
  parameters = names(coef(fit)), se = apply(plain, 2, sd, na.rm = TRUE), bias = colMeans(plain, na.rm = TRUE) - coef(fit),
  limits = unname(apply(plain, 2, quantile, c(.025, .975), na.rm = TRUE)),
  indirect = list(se = sd(indirect), limits = unname(quantile(indirect, c(.025, .975)))),
  bollen.stine = list(chisq = unname(fitMeasures(fit, "chisq")), p = mean(stine >= fitMeasures(fit, "chisq")), quantiles = unname(quantile(stine, c(.1, .5, .9)))))
write_json(out, "lavaan_bootstrap.json", auto_unbox = TRUE, digits = NA, pretty = TRUE)
