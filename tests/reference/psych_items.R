# Makes psych_items.json (R 4.2.2, psych 2.5.3). Data: psych::bfi.
suppressMessages({library(psych); library(jsonlite)})
reversed <- list(A = "A1", C = c("C4", "C5"), E = c("E1", "E2"))
stats <- c("n", "raw.r", "std.r", "r.cor", "r.drop", "mean", "sd")
one <- function(a) list(item.stats = as.list(a$item.stats[stats]),
  alpha.drop = as.list(a$alpha.drop[c("raw_alpha", "std.alpha", "average_r")]), response.freq = unclass(a$response.freq))
out <- list()
for (s in names(reversed)) {
  x <- bfi[paste0(s, 1:5)]
  for (r in reversed[[s]]) x[[r]] <- 7 - x[[r]]
  out[[paste0(s, ".pairwise")]] <- one(alpha(x))
  out[[paste0(s, ".complete")]] <- one(alpha(na.omit(x)))
}
shape <- c("n", "mean", "sd", "skew", "kurtosis")
out$describe.type3 <- as.list(describe(bfi[1:25])[shape])
out$describe.type2 <- as.list(describe(bfi[1:25], type = 2)[shape])
write_json(out, "psych_items.json", auto_unbox = TRUE, digits = NA)
