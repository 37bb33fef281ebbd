# Makes lavaan_others.json with lavaan 0.6-14: models and data that the engine was not built on, and what lavaan_models.json does not
# show: inequalities, bounds, auxiliary variables, residuals in standard errors, sampling weights. Each fit is run to a tight minimum.
# Run it in this folder, bfi.csv being psych::bfi: Rscript lavaan_others.R
suppressMessages({library(lavaan); library(jsonlite)})
hs <- HolzingerSwineford1939; pd <- PoliticalDemocracy; d2 <- read.csv("data/demo_twolevel.csv"); lq <- read.csv("data/lq2002.csv")
bfi <- read.csv(Sys.getenv("BFI", "bfi.csv"))
for (i in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) bfi[[i]] <- 7 - bfi[[i]]
m3 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
hm <- hs; for (j in 1:9) { i <- seq_len(nrow(hs)); hm[[paste0("x", j)]][(7 * i + 3 * j) %% 11 == 0] <- NA }
hm$x9[which(hs$x1 < 3.5 & (seq_len(nrow(hs)) %% 2 == 0))] <- NA
big5 <- paste(sapply(c("A", "C", "E", "N", "O"), function(k) paste(k, "=~", paste0(k, 1:5, collapse = " + "))), collapse = "\n")
x6 <- paste0("x", 1:6)
beside <- paste0("x8 ~~ x9 + ", paste(x6, collapse = " + "), "\nx9 ~~ ", paste(x6, collapse = " + "), "\nx8 ~~ x8\nx9 ~~ x9\nx8 ~ 1\nx9 ~ 1")
two <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
limits <- "\nx9 ~~ v*x9\nv > 0.05\nvisual ~~ c12*textual\ntextual ~~ c23*speed\nc12 > 0\nc23 < 0.1"
hs$w <- rep(c(1, 2, 3, 1.5), length.out = nrow(hs)); d2$w <- rep(c(1, 2.5), length.out = nrow(d2))
# lavaan takes a minimum found more tightly than its line search can tell for none; then the next tolerance is taken.
causes <- "\nvisual ~ ageyr + sex\ntextual ~ ageyr + sex\nspeed ~ ageyr + sex"
d3 <- subset(d2, cluster <= 60); d3$g <- d3$cluster %% 3
tight <- function(f, ...) for (tol in c(1e-13, 1e-12, 1e-11, 1e-10)) {
  fit <- suppressWarnings(f(..., control = list(rel.tol = tol))); if (lavInspect(fit, "converged")) return(fit)
}
F <- list(
  bfi.MLR = tight(cfa, big5, bfi, estimator = "MLR"), bfi.MLM = tight(cfa, big5, bfi, estimator = "MLM"),
  bfi.groups.MLR = tight(cfa, big5, bfi, group = "gender", group.equal = c("loadings", "intercepts"), estimator = "MLR"),
  bfi.nonlinear = tight(cfa, "A =~ A1 + a*A2 + b*A3 + c*A4 + A5\na == b*c\nd := a - b^2", bfi),
  leaders.cluster = tight(cfa, paste("lead =~", paste0(grep("LEAD[0-9]", names(lq), value = TRUE), collapse = "+")), lq, cluster = "COMPID", estimator = "MLR"),
  demo2.cluster = tight(cfa, "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6", d2, cluster = "cluster", estimator = "MLR"),
  demo.cluster.SB = tight(cfa, "f =~ y1 + y2 + y3 + y4 + y5 + y6", d2, cluster = "cluster", test = "satorra.bentler", information = "expected"),
  demo.weights.MLR = tight(cfa, "f =~ y1 + y2 + y3 + y4", d2, sampling.weights = "w", estimator = "MLR"),
  demo.groups.cluster = tight(cfa, "f =~ y1 + y2 + y3 + y4", d3, cluster = "cluster", group = "g", group.equal = "loadings", estimator = "MLR"),
  demo.weights.ML = tight(cfa, "f =~ y1 + y2 + y3 + y4", d2, sampling.weights = "w"),
  groups.wishart = tight(cfa, m3, hs, group = "school", group.equal = "loadings", likelihood = "wishart"),
  groups.GLS = tight(cfa, m3, hs, group = "school", group.equal = "loadings", estimator = "GLS"),
  groups.ULS = tight(cfa, m3, hs, group = "school", group.equal = "loadings", estimator = "ULS"),
  groups.WLS = tight(cfa, m3, hs, group = "school", group.equal = c("loadings", "intercepts"), estimator = "WLS"),
  means.ULSM = tight(cfa, m3, hs, estimator = "ULSM", meanstructure = TRUE), means.DWLS = tight(cfa, m3, hs, estimator = "DWLS", meanstructure = TRUE),
  hs.first.order = tight(cfa, m3, hs, se = "first.order"), hs.huber.white = tight(cfa, m3, hs, se = "robust.huber.white"),
  path.free = tight(sem, "x1 ~ x4 + x7\nx2 ~ x1 + x9", hs, fixed.x = FALSE),
  mimic.MLR = tight(sem, paste(m3, causes), hs, estimator = "MLR"),
  mimic.MLM = tight(sem, paste(m3, causes), hs, estimator = "MLM"), mimic.MLMV = tight(sem, paste(m3, causes), hs, estimator = "MLMV"),
  mimic.WLS = tight(sem, paste(m3, causes), hs, estimator = "WLS"), mimic.GLS = tight(sem, paste(m3, causes), hs, estimator = "GLS"),
  mimic.groups.MLR = tight(sem, paste(m3, causes), hs, group = "school", estimator = "MLR"),
  miss.mimic.MLR = tight(sem, paste(m3, causes), hm, estimator = "MLR", missing = "ml"),
  mimic.free = tight(sem, paste(two, "\nvisual ~ ageyr\ntextual ~ visual + ageyr"), hs, fixed.x = FALSE),
  cyclic = tight(sem, "x1 ~ x2 + x4 + x5\nx2 ~ x1 + x7 + x8", hs),
  hs.limits = tight(cfa, paste(m3, limits), hs), hs.limits.MLR = tight(cfa, paste(m3, limits), hs, estimator = "MLR"),
  miss.bounds = cfa(m3, hm, bounds = "pos.var"), miss.auxiliary = cfa(paste(two, beside, sep = "\n"), hm, missing = "ml"))
num <- function(x) { x <- as.list(x); lapply(x, function(v) if (is.na(v)) NULL else as.numeric(v)) }
out <- lapply(F, function(f) {
  pe <- parameterEstimates(f, standardized = TRUE)
  st <- standardizedSolution(f)
  list(fit = num(fitMeasures(f)), pe = pe[intersect(c("lhs", "op", "rhs", "group", "est", "se", "std.all"), names(pe))],
    std = st[intersect(c("lhs", "op", "rhs", "group", "est.std", "se"), names(st))])
})
res <- function(e) { f <- tight(cfa, m3, hs, estimator = e); lapply(c(normalized = "normalized", standardized = "standardized"), function(t) unclass(residuals(f, type = t)$cov)) }
out$residuals <- lapply(c(MLM = "MLM", WLS = "WLS", GLS = "GLS"), res)
alone <- paste(c(paste0(x6, " ~~ ", x6), paste0(x6, " ~ 1"), beside), collapse = "\n")
b <- bfi[complete.cases(bfi[c(paste0("A", 1:5), paste0("C", 1:4))]), ]; b <- b[1:1200, ]
two <- "ag =~ A1 + A2 + A3 + A4 + A5\nco =~ C1 + C2 + C3 + C4"; equal <- sub("A2 + A3", "k*A2 + k*A3", two, fixed = TRUE)
differ <- function(e, ...) lavTestLRT(tight(cfa, two, b, estimator = e), tight(cfa, equal, b, estimator = e), ...)$`Chisq diff`[2]
out$differences <- list(MLM = differ("MLM"), MLM.2010 = differ("MLM", method = "satorra.bentler.2010"), MLMV = differ("MLMV"), MLR = differ("MLR"))
out$modindices.MLR <- modindices(tight(cfa, two, b, estimator = "MLR"))[c("lhs", "op", "rhs", "mi", "epc")]
out$normalized.ML <- unclass(residuals(tight(cfa, two, b), type = "normalized")$cov)
out$bartlett <- unclass(lavPredict(tight(sem, "v =~ x1 + x2 + x3\nx2 ~ x4\nv ~ x4", hs, meanstructure = TRUE), method = "Bartlett"))[1:20, 1]
out$auxiliary.baseline <- num(fitMeasures(lavaan(alone, hm, missing = "ml"), c("chisq", "df")))
out$meta <- list(lavaan = as.character(packageVersion("lavaan")), R = R.version.string)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, null = "null", na = "null", pretty = FALSE), "lavaan_others.json")
