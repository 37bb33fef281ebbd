# Makes psych_reliability.json (R 4.2.2, psych 2.5.3, GPArotation 2022.10-2). Data: psych::bfi, psych::Thurstone.
suppressMessages({library(psych); library(GPArotation); library(jsonlite)})
reversed <- list(A = "A1", C = c("C4", "C5"), E = c("E1", "E2"), N = character(0), O = c("O2", "O5"))
keyed <- bfi[1:25]
for (r in unlist(reversed)) keyed[[r]] <- 7 - keyed[[r]]
total <- function(a) c(as.list(a$total), list(duhachek = as.list(a$total$raw_alpha + c(lower = -1, upper = 1) * qnorm(.975) * a$total$ase)))
sl <- function(z) unclass(z$schmid$sl)
out <- list()
for (s in c("A", "C", "E")) {
  x <- keyed[paste0(s, 1:5)]; complete <- na.omit(x)
  out[[paste0("alpha.", s, ".pairwise")]] <- total(alpha(x))
  out[[paste0("alpha.", s, ".complete")]] <- total(alpha(complete))
  out[[paste0("splitHalf.", s)]] <- splitHalf(complete, raw = TRUE, brute = TRUE)[c("maxrb", "minrb", "meanr", "raw")]
  g <- guttman(complete)
  out[[paste0("guttman.", s)]] <- g[grep("lambda|glb|tenberge|^beta$", names(g))]
  z <- omega(x, nfactors = 1, plot = FALSE)
  out[[paste0("omega1.", s)]] <- z[c("omega_h", "omega.tot", "alpha", "G6")]
  z <- omega(x, nfactors = 3, plot = FALSE)
  out[[paste0("omega3.", s)]] <- list(loadings = sl(z)[, 1:4], omega_h = z$omega_h, omega.tot = z$omega.tot)
}
whole <- function(z, m) c(z[c("omega_h", "omega.lim", "omega.tot", "alpha", "G6")], list(sl = sl(z)[, 1:(m + 2)],
  items = rownames(sl(z)), group = z$omega.group))
out$omega.bfi25.nf5 <- whole(omega(keyed, nfactors = 5, plot = FALSE), 5)
out$omega.thurstone9.nf3 <- c(whole(omega(Thurstone, nfactors = 3, n.obs = 213, plot = FALSE), 3), list(R = unclass(Thurstone)))
write_json(out, "psych_reliability.json", auto_unbox = TRUE, digits = NA)
