# Makes school_comparisons.json (R 4.2.2, stats and jsonlite). Data: drawn here, and kept in the file.
suppressMessages(library(jsonlite))
set.seed(4)
x <- round(rnorm(7, 4.2, .5), 3); y <- round(rnorm(9, 3.8, .3), 3); z <- round(rnorm(6, 4.0, .4), 3)
pre <- round(rnorm(8, 3.9, .4), 3); post <- round(pre + rnorm(8, .2, .3), 3)
tied <- c(3.5, 3.5, 4, 4.25, 3.75, 4); other <- c(3.5, 3.25, 3, 4, 3.75, 3.25, 3)
a <- round(rnorm(8), 3); b <- round(.6 * a + rnorm(8), 3)
limits <- function(t, df) sapply(c(.975, .025), function(p)
  uniroot(function(d) pt(t, df, d) - p, c(t - 8, t + 8), tol = 1e-13)$root)
test <- function(f) list(statistic = unname(f$statistic), df = unname(f$parameter), p = f$p.value,
  interval = as.numeric(f$conf.int))
J <- function(m) exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / sqrt(m / 2)
pooled <- sqrt((6 * var(x) + 8 * var(y)) / 14); unit <- sqrt(1 / 7 + 1 / 9); d <- (mean(x) - mean(y)) / pooled
s_av <- sqrt((var(pre) + var(post)) / 2); dif <- post - pre; d_av <- mean(dif) / s_av
u_av <- sd(dif) / sqrt(8) / s_av
long <- data.frame(v = c(x, y, z), g = factor(rep(c("x", "y", "z"), c(7, 9, 6))))
gh <- function(p, q) {
  v <- var(p) / length(p); w <- var(q) / length(q); t <- (mean(p) - mean(q)) / sqrt(v + w)
  df <- (v + w)^2 / (v^2 / (length(p) - 1) + w^2 / (length(q) - 1))
  list(t = t, df = df, p = ptukey(abs(t) * sqrt(2), 3, df, lower.tail = FALSE),
    reach = qtukey(.95, 3, df) / sqrt(2) * sqrt(v + w))
}
power <- function(...) power.t.test(..., strict = TRUE, tol = 1e-12)
p_raw <- c(.001, .012, .03, .04, .5)
out <- list(
  x = x, y = y, z = z, pre = pre, post = post, tied = tied, other = other, a = a, b = b,
  welch = test(t.test(x, y)), paired = test(t.test(post, pre, paired = TRUE)),
  mann_whitney = test(wilcox.test(x, y, exact = TRUE)),
  mann_whitney_tied = test(suppressWarnings(wilcox.test(tied, other))),
  wilcoxon = test(wilcox.test(post, pre, paired = TRUE, exact = TRUE)),
  g = list(value = J(14) * d, limits = J(14) * unit * limits(d / unit, 14)),
  g_paired = list(value = J(7) * d_av, limits = J(7) * u_av * limits(d_av / u_av, 7)),
  oneway = test(oneway.test(v ~ g, long)), games_howell = list(xy = gh(x, y), xz = gh(x, z), yz = gh(y, z)),
  pearson = c(test(cor.test(a, b)), estimate = unname(cor.test(a, b)$estimate)),
  spearman = c(test(cor.test(a, b, method = "spearman", exact = TRUE)), estimate = cor(a, b, method = "spearman")),
  adjust = list(p = p_raw, holm = p.adjust(p_raw, "holm"), bh = p.adjust(p_raw, "BH")),
  power = list(
    two_sample = power(n = 20, delta = .5, sd = .8)$power,
    two_sample_small = power(n = 3, delta = .2, sd = 1)$power,
    paired = power(n = 12, delta = .3, sd = .4, type = "paired")$power,
    n_two_sample = power(delta = .5, sd = .8, power = .8)$n,
    n_paired = power(delta = .3, sd = .4, power = .9, type = "paired")$n,
    delta_two_sample = power(n = 20, sd = .8, power = .8)$delta,
    delta_paired = power(n = 12, sd = .4, power = .8, type = "paired")$delta))
write_json(out, "school_comparisons.json", auto_unbox = TRUE, digits = NA)
