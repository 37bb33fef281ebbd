# Makes lavaan_reliability.json (R 4.2.2, lavaan 0.6-20, semTools 0.5-7). Data: lavaan::HolzingerSwineford1939.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
hs <- HolzingerSwineford1939; x <- paste0("x", 1:9)
model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
fit <- cfa(model, hs); pe <- parameterEstimates(fit); rel <- reliability(fit)
factor_of <- function(f) {
  items <- pe$rhs[pe$lhs == f & pe$op == "=~"]
  list(items = items, loadings = pe$est[pe$lhs == f & pe$op == "=~"],
    residuals = sapply(items, function(i) pe$est[pe$op == "~~" & pe$lhs == i & pe$rhs == i], USE.NAMES = FALSE),
    variance = pe$est[pe$op == "~~" & pe$lhs == f & pe$rhs == f], compRelSEM = compRelSEM(fit)[[f]], AVE = AVE(fit)[[f]],
    reliability = as.list(rel[, f]))
}
factors <- c("visual", "textual", "speed")
# missing: cell (i, j) where (7i + 3j) mod 11 = 0, and x9 where x1 < 3.5 and i is even
missing <- hs
for (j in 1:9) missing[[x[j]]][(7 * seq_len(nrow(hs)) + 3 * j) %% 11 == 0] <- NA
missing$x9[which(hs$x1 < 3.5 & seq_len(nrow(hs)) %% 2 == 0)] <- NA
em <- cfa(model, missing, missing = "ml"); h1 <- lavInspect(em, "sampstat")
write_json(list(htmt = unclass(htmt(model, hs, htmt2 = FALSE)), htmt2 = unclass(htmt(model, hs)),
  factors = setNames(lapply(factors, factor_of), factors),
  sample_cov = list(names = x, cov = unclass(lavInspect(fit, "sampstat")$cov)),
  em = list(mean = as.vector(h1$mean), cov = unclass(h1$cov), log_likelihood = fitMeasures(em, "unrestricted.logl")[[1]],
    patterns = nrow(lavInspect(em, "patterns")))), "lavaan_reliability.json", auto_unbox = TRUE, digits = NA)
