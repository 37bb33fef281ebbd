# Fits the model in model.lav and compares with what internal_coherence found. Run it in its own folder.
library(lavaan)
model <- paste(readLines("model.lav", encoding = "UTF-8"), collapse = "\n")
n <- c(3000)
tables <- lapply(seq_along(n), function(g)
  read.csv(paste0("moments_", g, ".csv"), row.names = 1, check.names = FALSE))
covariances <- lapply(tables, function(t) as.matrix(t[colnames(t), ]))
means <- lapply(tables, function(t) unlist(t["mean of each", ]))
fit <- lavaan(model,
  sample.cov = covariances,
  sample.nobs = n,
  estimator = "ML",
  se = "standard",
  test = "standard",
  information = "expected",
  meanstructure = FALSE,
  fixed.x = FALSE,
  likelihood = "normal")
print(summary(fit, fit.measures = TRUE, standardized = TRUE))
ours <- read.csv("ours_estimates.csv", stringsAsFactors = FALSE, na.strings = "NA")
ours$rhs[is.na(ours$rhs)] <- ""
theirs <- parameterEstimates(fit)
if (is.null(theirs$se)) theirs$se <- NA
if (is.null(theirs$group)) theirs$group <- ifelse(theirs$op == ":=", 0, 1)
key <- function(d) {
  turn <- d$op == "~~" & d$lhs > d$rhs
  left <- ifelse(turn, d$rhs, d$lhs)
  right <- ifelse(d$op == ":=", "", ifelse(turn, d$lhs, d$rhs))
  paste(left, d$op, right, d$group)
}
at <- match(key(ours), key(theirs))
table <- data.frame(ours[c("lhs", "op", "rhs", "group")],
  ours = ours$est, lavaan = theirs$est[at], ours_se = ours$se, lavaan_se = theirs$se[at])
cat("\nEstimates\n")
print(table, digits = 6, row.names = FALSE)

mine <- read.csv("ours_fit.csv", stringsAsFactors = FALSE, na.strings = "NA")
measures <- fitMeasures(fit)
mine$lavaan <- as.numeric(measures[mine$measure])
cat("\nFit\n")
print(mine, digits = 7, row.names = FALSE)

largest <- function(a, b, floor = 1) {
  d <- abs(a - b) / pmax(abs(b), floor)
  if (all(is.na(d))) NA else max(d, na.rm = TRUE)
}
cat("\nParameters of ours that lavaan does not have:", sum(is.na(at)), "\n")
cat("Largest difference of estimates:", format(largest(table$ours, table$lavaan), digits = 3), "\n")
cat("Largest difference of standard errors:", format(largest(table$ours_se, table$lavaan_se), digits = 3), "\n")
cat("Largest difference of fit measures:", format(largest(mine$ours, mine$lavaan), digits = 3), "\n")
cat("(differences are relative where lavaan's number is beyond 1; where only estimates differ, and by less than .001,\n")
cat("an optimiser stopped early: the chi-squares tell whose)\n")
