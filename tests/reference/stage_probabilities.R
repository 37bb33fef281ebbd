# Makes stage_probabilities.json (R 4.2.2, mvtnorm, metafor, jsonlite; versions in the file). Data: drawn here, and kept in the file.
suppressMessages({library(jsonlite); library(mvtnorm); library(metafor)})
set.seed(11)
exact <- function(z, R) sapply(seq_along(z), function(k) {
  if (k == 1) return(pnorm(z[1]))
  if (k <= 3) return(as.numeric(pmvnorm(upper = z[1:k], corr = R[1:k, 1:k], algorithm = TVPACK(abseps = 1e-14))))
  as.numeric(pmvnorm(upper = z[1:k], corr = R[1:k, 1:k], algorithm = GenzBretz(maxpts = 2e7, abseps = 1e-7)))
})
draw <- function(K) { A <- matrix(rnorm(K * (K + 1)), K); R <- cov2cor(A %*% t(A)); round(R, 3) }
cases <- c(
  lapply(c(2, 3, 3, 3, 4, 5, 6), function(K) list(z = round(rnorm(K, .5), 3), R = draw(K))),
  list(
    list(z = c(0, 0, 0), R = matrix(c(1, .5, .5, .5, 1, .5, .5, .5, 1), 3)),
    list(z = c(0, 1.2, -.4), R = matrix(c(1, .99, .98, .99, 1, .985, .98, .985, 1), 3)),
    list(z = c(-.3, 0, .8), R = matrix(c(1, -.6, .3, -.6, 1, -.7, .3, -.7, 1), 3))))
cases <- lapply(cases, function(x) c(x, list(G = exact(x$z, x$R))))

# One stage, V known: Hedges and Olkin's moment estimator, each school one vote.
y <- round(rnorm(14, 52, 7), 3); v <- round(runif(14, 4, 30), 3)
fit <- rma(y, v, method = "HE", weighted = FALSE)

# Three stages together: conditional normal of one school, written out.
K <- 3; mu <- c(54, 51, 60); B <- matrix(c(36, 20, 10, 20, 49, 15, 10, 15, 30), 3)
V <- matrix(c(12, 5, 4, 5, 16, 6, 4, 6, 20), 3); m <- c(47, 49, 50); bar <- c(50, 50, 50)
# (theta, m) has the covariance [B, B; B, B + V]
conditional <- list(mean = as.numeric(mu + B %*% solve(B + V, m - mu)), covariance = B - B %*% solve(B + V, B))
above <- sapply(1:3, function(k) as.numeric(pmvnorm(lower = bar[1:k], mean = conditional$mean[1:k],
  sigma = conditional$covariance[1:k, 1:k, drop = FALSE],
  algorithm = if (k > 1) TVPACK(abseps = 1e-14) else GenzBretz(abseps = 1e-12))))
out <- list(
  versions = list(R = as.character(getRversion()), mvtnorm = as.character(packageVersion("mvtnorm")),
    metafor = as.character(packageVersion("metafor"))),
  orthants = cases,
  one_stage = list(y = y, v = v, tau2 = fit$tau2, mean = as.numeric(fit$b), se = fit$se),
  three_stages = list(mu = mu, B = B, V = V, m = m, bar = bar, mean = conditional$mean,
    covariance = conditional$covariance, first = c(1, above[-3]) - above, none = above[3]))
write_json(out, "stage_probabilities.json", digits = NA, auto_unbox = TRUE)
