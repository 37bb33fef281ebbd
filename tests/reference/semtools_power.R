# Makes semtools_power.json: power of RMSEA-based tests (MacCallum, Browne & Sugawara 1996; MacCallum, Browne & Cai 2006) and by
# Satorra & Saris (1985). R 4.2.2, semTools 0.5-6, lavaan 0.6-14, jsonlite 1.8.4.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
grid <- expand.grid(df = c(1, 5, 20, 87, 300), n = c(60, 200, 1000), test = 1:5)
hyp <- list(c(.05, .08), c(.05, .01), c(0, .05), c(.06, .02), c(.03, .1))
power <- Map(function(df, n, k) list(df = df, n = n, rmsea0 = hyp[[k]][1], rmsea1 = hyp[[k]][2],
  power = findRMSEApower(hyp[[k]][1], hyp[[k]][2], df, n)), grid$df, grid$n, grid$test)
groups <- lapply(c(2, 3), function(G) list(groups = G, df = 24, n = 300, rmsea0 = .05, rmsea1 = .08,
  power = findRMSEApower(.05, .08, 24, 300, group = G)))
needed <- lapply(c(5, 20, 87), function(df) list(df = df, close = findRMSEAsamplesize(.05, .08, df),
  not_close = findRMSEAsamplesize(.05, .01, df), exact = findRMSEAsamplesize(0, .05, df, power = .9, alpha = .01)))
nested <- list(
  list(df = c(22, 20), rmsea0 = c(0, 0), rmsea1 = c(.06, .04), n = 200,
       power = findRMSEApowernested(rmsea1A = .06, rmsea1B = .04, dfA = 22, dfB = 20, n = 200)),
  list(df = c(60, 50), rmsea0 = c(.06, .05), rmsea1 = c(.08, .05), n = 300,
       power = findRMSEApowernested(.06, .05, .08, .05, 60, 50, 300)))
nested.n <- list(df = c(22, 20), rmsea1 = c(.06, .04),
  n = findRMSEAsamplesizenested(rmsea1A = .06, rmsea1B = .04, dfA = 22, dfB = 20))
# Satorra & Saris: a population, the model with one parameter fixed (nparam restrictions), and one that lacks a cross-loading.
pop <- "trust =~ .7*t1 + .6*t2 + .8*t3\nvoice =~ .6*v1 + .5*v2 + .7*v3\ntrust ~~ 1*trust + .3*voice\nvoice ~~ 1*voice
  t1 ~~ .51*t1\nt2 ~~ .64*t2\nt3 ~~ .36*t3\nv1 ~~ .64*v1\nv2 ~~ .75*v2\nv3 ~~ .51*v3"
model <- "trust =~ t1 + t2 + t3\nvoice =~ v1 + v2 + v3"
cross <- paste0(pop, "\nvoice =~ .25*t2")
f <- function(text, n, df, popModel) SSpower(text, n = n, nparam = df, popModel = popModel, std.lv = TRUE)
saris <- list(pop = pop, cross = cross, model = model,
  covariance = lapply(c(100, 250), function(n) list(n = n, power = f(paste0(model, "\ntrust ~~ 0*voice"), n, 1, pop))),
  value = lapply(c(100, 250), function(n) list(n = n, power = f(paste0(model, "\ntrust ~~ .5*voice"), n, 1, pop))),
  equal = lapply(c(100, 250), function(n) list(n = n, power = f("trust =~ a*t1 + a*t2 + t3\nvoice =~ v1 + v2 + v3", n, 1, pop))),
  fit = lapply(c(100, 250), function(n) list(n = n, power = f(model, n, 8, cross))))
# Wald: standard errors of a teacher, from a fit to the population's covariances.
L <- cbind(c(.7, .6, .8, 0, 0, 0), c(0, .25, 0, .6, .5, .7))
S2 <- L %*% matrix(c(1, .3, .3, 1), 2) %*% t(L) + diag(c(.51, .64, .36, .64, .75, .51))
dimnames(S2) <- list(c("t1", "t2", "t3", "v1", "v2", "v3"), c("t1", "t2", "t3", "v1", "v2", "v3"))
fit <- sem(paste0(model, "\nvoice =~ t2"), sample.cov = S2, sample.nobs = 1e6, sample.cov.rescale = FALSE, std.lv = TRUE)
saris$wald <- with(subset(parameterEstimates(fit), lhs == "voice" & rhs == "t2"), list(noncentrality = (est / se)^2 / 1e6))
saris$cross_cov <- list(names = rownames(S2), cov = unclass(S2))
write_json(list(made_by = paste0("R ", getRversion(), ", semTools ", packageVersion("semTools"), ", lavaan ", packageVersion("lavaan")),
  power = power, groups = groups, needed = needed, nested = nested, nested_n = nested.n, satorra_saris = saris),
  "semtools_power.json", auto_unbox = TRUE, digits = NA)
