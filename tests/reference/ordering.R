# lavaan and base R on data/ordering.csv (made by ordering.py): what ordering.json holds.
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(normalizePath(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))))
d <- read.csv(file.path(here, "data", "ordering.csv"))
scales <- c("lead", "team", "trust", "eff")
items <- setdiff(names(d), "school")
w <- d
for (v in items) w[[v]] <- d[[v]] - ave(d[[v]], d$school)
measurement <- paste(sapply(scales, function(s) paste(s, "=~", paste0(s, "_", 1:3, collapse = " + "))), collapse = "\n")
pairs <- combn(scales, 2)
labelled <- paste(apply(pairs, 2, function(p) sprintf("%s ~~ r_%s_%s*%s", p[1], p[1], p[2], p[2])), collapse = "\n")
fit <- cfa(paste(measurement, labelled, sep = "\n"), w, std.lv = TRUE, estimator = "MLR", cluster = "school")
pe <- parameterEstimates(fit)
r <- pe[grepl("^r_", pe$label), c("label", "est", "se")]
theta <- coef(fit)[r$label]; V <- vcov(fit)[r$label, r$label]
R <- function(x) { m <- diag(4); dimnames(m) <- list(scales, scales); for (k in seq_along(x)) { p <- pairs[, k]; m[p[1], p[2]] <- m[p[2], p[1]] <- x[k] }; m }
pc <- function(x, i, j, g) { k <- solve(R(x)[c(i, j, g), c(i, j, g)]); -k[1, 2] / sqrt(k[1, 1] * k[2, 2]) }
claims <- list(c("lead", "trust", "team"), c("lead", "eff", "trust"), c("team", "eff", "lead", "trust"))
z <- function(x) sapply(claims, function(cl) atanh(pc(x, cl[1], cl[2], cl[-(1:2)])))
num <- function(f, x) sapply(seq_along(x), function(i) { h <- 1e-5; e <- replace(0 * x, i, h); (f(x + e) - f(x - e)) / (2 * h) })
G <- num(z, theta); Vz <- G %*% V %*% t(G)
W <- drop(t(z(theta)) %*% solve(Vz) %*% z(theta))
# Path coefficients of the chain and of the complete reading, with delta standard errors.
paths <- function(x, parents) unlist(lapply(names(parents), function(y) { p <- parents[[y]]; solve(R(x)[p, p, drop = FALSE], R(x)[p, y]) }))
chain <- list(team = "lead", trust = "team", eff = "trust")
complete <- list(team = "lead", trust = c("lead", "team"), eff = c("lead", "team", "trust"))
se <- function(f) { g <- num(f, theta); if (is.null(dim(g))) g <- matrix(g, 1); sqrt(diag(g %*% V %*% t(g))) }
effects <- function(x) { b <- paths(x, chain); c(b, b[1] * b[2], b[2] * b[3], b[1] * b[2] * b[3]) }
full <- sem(paste(measurement, "team ~ lead\ntrust ~ lead + team\neff ~ lead + team + trust", sep = "\n"), w, std.lv = TRUE,
            estimator = "MLR", cluster = "school")
std <- standardizedSolution(full); std <- std[std$op == "~", c("lhs", "rhs", "est.std", "se")]
# Between schools: means of standardised scale scores; mean squares by manova.
s <- sapply(scales, function(k) rowMeans(d[, paste0(k, "_", 1:3)])); s <- scale(s)
between <- function(s, g) {
  g <- factor(g); J <- nlevels(g); N <- nrow(s); n <- table(g)
  ss <- summary(manova(s ~ g))$SS
  n0 <- (N - sum(n^2) / N) / (J - 1)
  (ss$g / (J - 1) - ss$Residuals / (N - J)) / n0
}
B <- between(s, d$school)
schools <- unique(d$school); J <- length(schools)
zb <- function(B) { x <- cov2cor(B); sapply(claims, function(cl) { k <- solve(x[c(cl), c(cl)]); atanh(-k[1, 2] / sqrt(k[1, 1] * k[2, 2])) }) }
out <- sapply(schools, function(k) as.vector(between(s[d$school != k, ], d$school[d$school != k])))
VB <- (J - 1) / J * tcrossprod(out - rowMeans(out))
Gb <- num(function(x) zb(matrix(x, 4, dimnames = dimnames(B))), as.vector(B))
Vzb <- Gb %*% VB %*% t(Gb)
json <- list(
  .meta = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")), call = "tests/reference/ordering.R"),
  correlations = r, z = z(theta), se_z = sqrt(diag(Vz)), wald = W,
  chain = effects(theta), se_chain = se(effects), complete = std,
  between = B, z_between = zb(B), se_z_between = sqrt(diag(Vzb)), wald_between = drop(t(zb(B)) %*% solve(Vzb) %*% zb(B))
)
write_json(json, file.path(here, "ordering.json"), digits = 15, auto_unbox = TRUE, pretty = TRUE)
