# Makes multilevel_agreement.json (R 4.2.2, multilevel 2.8). Data: multilevel::lq2002.
suppressMessages({library(multilevel); library(jsonlite)})
data(lq2002)
items <- list(LEAD = paste0("LEAD", sprintf("%02d", 1:11)), TSIG = paste0("TSIG", sprintf("%02d", 1:3)))
out <- list()
for (v in names(items)) {
  model <- aov(lq2002[[v]] ~ factor(lq2002$COMPID)); s <- summary(model)[[1]]
  out[[v]] <- list(icc1 = ICC1(model), icc2 = ICC2(model), ms = s[["Mean Sq"]], df = s$Df, F = s[["F value"]][1],
    p = s[["Pr(>F)"]][1], n = nrow(lq2002), groups = length(unique(lq2002$COMPID)))
  out[[paste0("rwg_j.", v)]] <- rwg.j(lq2002[items[[v]]], lq2002$COMPID, ranvar = 2)
}
write_json(out, "multilevel_agreement.json", auto_unbox = TRUE, digits = NA)
