# Makes lavaan_exploratory.json with lavaan 0.6-14: an exploratory structural equation model, its factors turned to a target.
# Run it in this folder: Rscript lavaan_exploratory.R
suppressMessages({library(lavaan); library(jsonlite)})
items <- paste0("x", 1:9)
target <- matrix(0, 9, 3); for (k in 1:3) target[3 * k - 2:0, k] <- NA
fit <- cfa(paste('efa("b")*v + efa("b")*t + efa("b")*s =~', paste(items, collapse = " + ")), HolzingerSwineford1939,
           rotation = "target", rotation.args = list(target = target, tol = 1e-10), control = list(rel.tol = 1e-13))
s <- subset(standardizedSolution(fit), op == "=~" | (op == "~~" & lhs %in% c("v", "t", "s") & lhs != rhs))
out <- list(versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))),
            chisq = unname(fitMeasures(fit, "chisq")), df = unname(fitMeasures(fit, "df")), solution = s[c("lhs", "op", "rhs", "est.std", "se")])
write_json(out, "lavaan_exploratory.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, dataframe = "columns")
