# Makes the fits that lavaan_models.json holds (R 4.2.2, lavaan 0.6-20). Data: lavaan's HolzingerSwineford1939, PoliticalDemocracy
# and Demo.twolevel (data/demo_twolevel.csv). The json keeps of each fit fitMeasures(f), parameterEstimates(f, standardized = TRUE),
# standardizedSolution(f) and, where named, modindices(f, sort. = FALSE), lavPredict(f) and lavPredict(f, method = "Bartlett"), ten rows.
library(lavaan)
hs <- HolzingerSwineford1939; pd <- PoliticalDemocracy; d2 <- read.csv("data/demo_twolevel.csv")
m3 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
hm <- hs; for (j in 1:9) { i <- seq_len(nrow(hs)); hm[[paste0("x", j)]][(7 * i + 3 * j) %% 11 == 0] <- NA }
hm$x9[which(hs$x1 < 3.5 & (seq_len(nrow(hs)) %% 2 == 0))] <- NA
F <- list(
  hs3.ML = cfa(m3, hs), hs3.ML.wishart = cfa(m3, hs, likelihood = "wishart"), hs3.ML.stdlv = cfa(m3, hs, std.lv = TRUE),
  hs3.ML.meanstructure = cfa(m3, hs, meanstructure = TRUE), hs3.ML.effectcoding = cfa(m3, hs, effect.coding = TRUE),
  hs3.ML.expected = cfa(m3, hs, information = "expected"), hs3.ML.observed = cfa(m3, hs, information = "observed"),
  hs3.ML.robust.sem.SB = cfa(m3, hs, se = "robust.sem", test = "Satorra.Bentler"),
  hs3miss.FIML = cfa(m3, hm, missing = "ml"), hs3miss.FIML.MLR = cfa(m3, hm, missing = "ml", estimator = "MLR"),
  hs3miss.listwise = cfa(m3, hm), hs3miss.FIML.expected = cfa(m3, hm, missing = "ml", information = "expected"),
  hs.second.order = cfa(paste(m3, "\ng =~ visual + textual + speed"), hs),
  hs.bifactor = cfa(paste("g =~ x1+x2+x3+x4+x5+x6+x7+x8+x9\n", m3), hs, orthogonal = TRUE, std.lv = TRUE, control = list(iter.max = 5000)),
  poldem = sem("ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + a*y2 + b*y3 + c*y4\ndem65 =~ y5 + a*y6 + b*y7 + c*y8\ndem60 ~ ind60
    dem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8", pd),
  poldem.mediation.ML = sem("ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8\ndem60 ~ a*ind60
    dem65 ~ cp*ind60 + b*dem60\nind := a*b\ntotal := cp + a*b\nprop := ind/total", pd),
  path.observed.mediation = sem("x4 ~ a*x1\nx9 ~ b*x4 + c*x1 + x7\nab := a*b\ntot := c + a*b", hs),
  demo.noncluster.MLR = cfa("f =~ y1+y2+y3+y4+y5+y6", d2, estimator = "MLR"),
  demo.cluster.robust4 = cfa("f =~ y1+y2+y3+y4", d2, cluster = "cluster", estimator = "MLR"),
  demo.robust4.nocluster = cfa("f =~ y1+y2+y3+y4", d2, estimator = "MLR"))
for (e in c("MLR", "MLM", "MLMV", "GLS", "WLS", "DWLS", "ULS", "ULSM")) F[[paste0("hs3.", e)]] <- cfa(m3, hs, estimator = e)
steps <- list(configural = NULL, metric = "loadings", scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals"), means = c("loadings", "intercepts", "residuals", "means"))
for (k in names(steps)) F[[paste0("hs3.inv.ML.", k)]] <- cfa(m3, hs, group = "school", group.equal = steps[[k]])
