# Makes psych_dimensionality.json (R 4.2.2, psych 2.5.3, GPArotation 2022.10.2, lavaan 0.6-20). Data: psych::bfi, complete
# rows of the 25 items; lavaan::HolzingerSwineford1939, x1 to x9.
suppressMessages({library(psych); library(GPArotation); library(lavaan); library(jsonlite)})
x <- na.omit(bfi[1:25]); R <- cor(x); n <- nrow(x)
m <- function(z) unname(matrix(as.vector(unclass(z)), nrow(z), ncol(z)))
out <- list()
out$KMO <- with(KMO(R), list(MSA = MSA, MSAi = unname(MSAi)))
out$bartlett <- cortest.bartlett(R, n = n)[c("chisq", "p.value", "df")]
out$smc <- unname(smc(R))
out$eigen <- eigen(R)$values
set.seed(42)
out$fa.parallel <- fa.parallel(x, fa = "both", n.iter = 20, plot = FALSE, quant = .95)[c("fa.values", "pc.values",
  "pc.sim", "pc.simr", "fa.sim", "fa.simr", "nfact", "ncomp")]
out$map <- vss(x, n = 8, rotate = "varimax", plot = FALSE)$map
fields <- function(z) list(loadings = m(z$loadings), Phi = if (is.null(z$Phi)) NULL else m(z$Phi),
  communality = unname(z$communality), complexity = unname(z$complexity), objective = z$objective,
  STATISTIC = z$STATISTIC, dof = z$dof, PVAL = z$PVAL, rms = z$rms, RMSEA = unname(z$RMSEA), TLI = z$TLI, CFI = z$CFI,
  BIC = z$BIC, Vaccounted = m(z$Vaccounted), R2 = unname(unlist(z$R2)))
for (rotation in c("none", "varimax", "oblimin", "promax"))
  out[[paste0("fa5.minres.", rotation)]] <- fields(fa(R, nfactors = 5, n.obs = n, fm = "minres", rotate = rotation))
for (rotation in c("none", "oblimin"))
  out[[paste0("fa5.ml.", rotation)]] <- fields(fa(R, nfactors = 5, n.obs = n, fm = "ml", rotate = rotation))
f <- factanal(covmat = R, factors = 5, n.obs = n, rotation = "varimax")
out$factanal5.varimax <- list(loadings = m(f$loadings), uniquenesses = unname(f$uniquenesses),
  STATISTIC = unname(f$STATISTIC), dof = f$dof, PVAL = unname(f$PVAL))

# Rotations of psych's own unrotated loadings, to the optimum; weights of scores from psych's oblimin solution.
A <- matrix(unlist(out$fa5.minres.none$loadings), 25); out$rotated <- list()
tight <- function(z) list(loadings = m(z$loadings), Phi = if (is.null(z$Phi)) NULL else m(z$Phi))
out$rotated$varimax <- tight(varimax(A, eps = 1e-15))
out$rotated$oblimin <- tight(oblimin(A, eps = 1e-7, maxit = 1e5))
out$rotated$geomin <- tight(geominQ(A, eps = 1e-7, maxit = 1e5))
out$rotated$geomin_orthogonal <- tight(geominT(A, eps = 1e-7, maxit = 1e5))
out$rotated$bentler <- tight(bentlerQ(A, eps = 1e-7, maxit = 1e5))
L <- out$fa5.minres.oblimin$loadings; Phi <- out$fa5.minres.oblimin$Phi
out$weights <- lapply(c(regression = "Thurstone", bartlett = "Bartlett", tenberge = "tenBerge"),
  function(method) m(factor.scores(R, L, Phi, method = method)$weights))

hs <- HolzingerSwineford1939[paste0("x", 1:9)]
out$hs <- list(cor = m(cor(hs)), n = nrow(hs),
  loadings = m(lavInspect(efa(hs, nfactors = 3, rotation = "geomin")$nf3, "std")$lambda))
write_json(out, "psych_dimensionality.json", auto_unbox = TRUE, digits = NA, null = "null")
