# Makes lavaan_invariance.json with lavaan 0.6-14: steps of invariance over groups and over waves, partial ones, and score tests of
# single equalities with their expected changes. Each fit is run to a tight minimum.
# Run it in this folder, bfi.csv being psych::bfi: Rscript lavaan_invariance.R
suppressMessages({library(lavaan); library(jsonlite)})
hs <- HolzingerSwineford1939; pd <- PoliticalDemocracy; d2 <- read.csv("data/demo_twolevel.csv"); bfi <- read.csv(Sys.getenv("BFI", "bfi.csv"))
for (i in c("A1", "C4", "C5")) bfi[[i]] <- 7 - bfi[[i]]
d3 <- subset(d2, cluster <= 60); d3$g <- d3$cluster %% 3
tight <- function(...) for (tol in c(1e-13, 1e-12, 1e-11, 1e-10)) {
  fit <- suppressWarnings(cfa(..., control = list(rel.tol = tol))); if (lavInspect(fit, "converged")) return(fit)
}
m3 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5"
equal <- list(configural = "none", metric = "loadings", scalar = c("loadings", "intercepts"), strict = c("loadings", "intercepts", "residuals"),
              means = c("loadings", "intercepts", "residuals", "means"))
shown <- c("chisq", "df", "pvalue", "cfi", "rmsea", "srmr", "aic", "bic", "chisq.scaled", "cfi.robust", "rmsea.robust")
ladder <- function(...) {
  fits <- lapply(equal, function(e) if (e[1] == "none") tight(...) else tight(..., group.equal = e))
  names(fits) <- NULL
  test <- do.call(lavTestLRT, fits)
  list(fit = lapply(fits, function(f) as.list(fitMeasures(f)[intersect(shown, names(fitMeasures(f)))])),
       chisq_diff = test[["Chisq diff"]], df_diff = test[["Df diff"]], pvalue_diff = test[["Pr(>Chisq)"]])
}
# Over waves, all written: what two waves of four items each say when loadings and intercepts are equal.
waves <- function(l, i, r, m) paste(
  if (l) "d0 =~ 1*y1 + a*y2 + b*y3 + c*y4\nd5 =~ 1*y5 + a*y6 + b*y7 + c*y8" else "d0 =~ y1 + y2 + y3 + y4\nd5 =~ y5 + y6 + y7 + y8",
  "y1 ~~ y5\ny2 ~~ y6\ny3 ~~ y7\ny4 ~~ y8",
  if (i) "y1 ~ i1*1\ny5 ~ i1*1\ny2 ~ i2*1\ny6 ~ i2*1\ny3 ~ i3*1\ny7 ~ i3*1\ny4 ~ i4*1\ny8 ~ i4*1" else "",
  if (i && !m) "d0 ~ 0*1\nd5 ~ 1" else "",
  if (r) "y1 ~~ r1*y1\ny5 ~~ r1*y5\ny2 ~~ r2*y2\ny6 ~~ r2*y6\ny3 ~~ r3*y3\ny7 ~~ r3*y7\ny4 ~~ r4*y4\ny8 ~~ r4*y8" else "", sep = "\n")
over <- lapply(list(c(F, F, F, F), c(T, F, F, F), c(T, T, F, F), c(T, T, T, F), c(T, T, T, T)), function(k) tight(do.call(waves, as.list(k)), pd, meanstructure = TRUE))
tested <- do.call(lavTestLRT, over)
scalar <- tight(m3, hs, group = "school", group.equal = equal$scalar)
pe <- parameterEstimates(over[[3]])
epc <- sapply(seq_len(12), function(k) {
  s <- lavTestScore(scalar, release = k, epc = TRUE); p <- parTable(scalar)
  labels <- c(s$uni$lhs, s$uni$rhs); e <- s$epc
  at <- function(l) e$epc[match(l, p$plabel[match(e$free, p$free)])]
  full <- function(l) { r <- p[p$plabel == l, ]; with(e, epc[lhs == r$lhs & op == r$op & rhs == r$rhs & group == r$group]) }
  full(labels[1]) - full(labels[2])
})
out <- list(
  versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))),
  hs.ML = ladder(m3, hs, group = "school"), hs.MLR = ladder(m3, hs, group = "school", estimator = "MLR"),
  bfi.MLR = ladder(two, bfi, group = "gender", estimator = "MLR"), bfi.FIML = ladder(two, bfi, group = "gender", missing = "fiml", estimator = "MLR"),
  demo.cluster = ladder("f =~ y1 + y2 + y3 + y4", d3, group = "g", cluster = "cluster", estimator = "MLR"),
  hs.partial = ladder(m3, hs, group = "school", group.partial = c("x3 ~ 1", "x7 ~ 1", "visual =~ x2")),
  waves = list(fit = lapply(over, function(f) as.list(fitMeasures(f)[intersect(shown, names(fitMeasures(f)))])), chisq_diff = tested[["Chisq diff"]],
               mean = pe$est[pe$lhs == "d5" & pe$op == "~1"], se = pe$se[pe$lhs == "d5" & pe$op == "~1"]),
  epc = epc, uni = lavTestScore(scalar)$uni$X2
)
write_json(out, "lavaan_invariance.json", auto_unbox = TRUE, digits = NA, na = "string", pretty = TRUE)
