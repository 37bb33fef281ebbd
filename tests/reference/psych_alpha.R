# Makes psych_alpha.json (R 4.2.2, psych 2.5.3). Data: psych::bfi.
suppressMessages({library(psych); library(jsonlite)})
reversed <- list(A = "A1", C = c("C4", "C5"), E = c("E1", "E2"))
one <- function(a) list(raw_alpha = a$total$raw_alpha, std_alpha = a$total$std.alpha, average_r = a$total$average_r,
  feldt_lower = unlist(a$feldt$lower.ci)[[1]], feldt_upper = unlist(a$feldt$upper.ci)[[1]])
out <- list()
for (s in names(reversed)) {
  x <- bfi[paste0(s, 1:5)]
  for (r in reversed[[s]]) x[[r]] <- 7 - x[[r]]
  out[[paste0(s, ".pairwise")]] <- one(alpha(x))
  out[[paste0(s, ".complete")]] <- one(alpha(na.omit(x)))
}
write_json(out, "psych_alpha.json", auto_unbox = TRUE, digits = NA)
