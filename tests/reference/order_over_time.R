# Makes order_over_time.json with lavaan 0.6-14 and lme4 1.1-31: models of two stages over three waves, with the teachers' schools as
# clusters; and growth with lme4, of nlme::Orthodont. Each fit is run to a tight minimum. Scores are computed here, from the answers.
# data/order_over_time.csv holds simulated answers; how they were made is said in tests/test_over_time.py.
# Run it in this folder: Rscript order_over_time.R
suppressMessages({library(lavaan); library(lme4); library(jsonlite)})
d <- read.csv("data/order_over_time.csv")
scales <- list(aims = c("a1", "a2"), trust = c("t1", "t2"), voice = c("v1", "v2"), eff = c("e1", "e2", "e3"))
half <- function(x) ifelse(rowSums(!is.na(x)) >= ceiling(ncol(x) / 2), rowMeans(x, na.rm = TRUE), NA)
z <- function(x) (x - mean(x, na.rm = TRUE)) / sd(x, na.rm = TRUE)
kept <- c("lead", "work", "z_aims", "z_trust", "z_voice", "z_e1", "z_e2", "z_e3")
scored <- function(d) {
  for (s in names(scales)) d[[paste0("z_", s)]] <- z(half(d[scales[[s]]]))
  for (i in scales$eff) d[[paste0("z_", i)]] <- z(d[[i]])
  d$lead <- (d$z_aims + d$z_trust + d$z_voice) / 3
  d$work <- d$z_eff
  d
}
over <- function(d) {
  first <- d[order(d$wave), ]; first <- first[!duplicated(first$teacher), c("teacher", "school")]
  wide <- Reduce(function(a, b) merge(a, b, by = "teacher", all = TRUE), lapply(sort(unique(d$wave)), function(t) {
    x <- d[d$wave == t, c("teacher", kept)]; names(x)[-1] <- paste0(kept, "_t", t); x }))
  merge(wide, first, by = "teacher")
}
three <- over(scored(d)); two <- over(scored(d[d$wave < 3, ]))

fit <- function(model, data = three, missing = "fiml") {
  for (tol in c(1e-13, 1e-12, 1e-11, 1e-10, 1e-9)) {
    f <- suppressWarnings(sem(model, data, estimator = "MLR", missing = missing, cluster = "school", fixed.x = FALSE, meanstructure = TRUE,
      control = list(rel.tol = tol, eval.max = 20000, iter.max = 10000)))
    if (lavInspect(f, "converged")) break
  }
  p <- parameterEstimates(f, standardized = TRUE); p <- p[p$op == "~", ]
  list(lhs = p$lhs, rhs = p$rhs, est = p$est, se = p$se, std = p$std.all, chisq = unname(fitMeasures(f, "chisq")),
       df = unname(fitMeasures(f, "df")), npar = unname(fitMeasures(f, "npar")), n = nobs(f))
}
lags <- function(w, v = "") paste0(sprintf("%slead_t%d ~ %slead_t%d + %swork_t%d\n%swork_t%d ~ %swork_t%d + %slead_t%d\n%slead_t%d ~~ %swork_t%d",
  v, w, v, w - 1, v, w - 1, v, w, v, w - 1, v, w - 1, v, w, v, w), collapse = "\n")
clpm2 <- paste("lead_t1 ~~ work_t1", lags(2), sep = "\n")
clpm3 <- paste(clpm2, lags(3), sep = "\n")
equal <- "lead_t1 ~~ work_t1
lead_t2 ~ a*lead_t1 + b*work_t1\nwork_t2 ~ c*work_t1 + d*lead_t1\nlead_t3 ~ a*lead_t2 + b*work_t2\nwork_t3 ~ c*work_t2 + d*lead_t2
lead_t2 ~~ work_t2\nlead_t3 ~~ work_t3"
apart <- "ri_lead =~ 1*lead_t1 + 1*lead_t2 + 1*lead_t3\nri_work =~ 1*work_t1 + 1*work_t2 + 1*work_t3
w_lead_t1 =~ 1*lead_t1\nw_lead_t2 =~ 1*lead_t2\nw_lead_t3 =~ 1*lead_t3\nw_work_t1 =~ 1*work_t1\nw_work_t2 =~ 1*work_t2\nw_work_t3 =~ 1*work_t3
lead_t1 ~~ 0*lead_t1\nlead_t2 ~~ 0*lead_t2\nlead_t3 ~~ 0*lead_t3\nwork_t1 ~~ 0*work_t1\nwork_t2 ~~ 0*work_t2\nwork_t3 ~~ 0*work_t3
ri_lead ~~ ri_work\nw_lead_t1 ~~ w_work_t1
ri_lead ~~ 0*w_lead_t1 + 0*w_work_t1\nri_work ~~ 0*w_lead_t1 + 0*w_work_t1"
riclpm <- paste(apart, lags(2, "w_"), lags(3, "w_"), sep = "\n")
change <- function(t, more = "") sprintf("d_lead_t%d =~ 1*lead_t%d\nd_work_t%d =~ 1*work_t%d\nlead_t%d ~ 1*lead_t%d\nwork_t%d ~ 1*work_t%d
lead_t%d ~~ 0*lead_t%d\nwork_t%d ~~ 0*work_t%d\nlead_t%d ~ 0*1\nwork_t%d ~ 0*1\nd_lead_t%d ~ 1\nd_work_t%d ~ 1\nd_lead_t%d ~~ d_work_t%d
d_lead_t%d ~ lead_t%d + work_t%d %s\nd_work_t%d ~ work_t%d + lead_t%d %s", t, t, t, t, t, t - 1, t, t - 1, t, t, t, t, t, t, t, t, t, t, t, t - 1, t - 1, more, t, t - 1, t - 1, more)
lcs2 <- paste("lead_t1 ~~ work_t1", change(2), sep = "\n")
lcs3 <- paste(lcs2, change(3, "+ d_lead_t2 + d_work_t2"), sep = "\n")
grow <- "i_lead =~ 1*lead_t1 + 1*lead_t2 + 1*lead_t3\ni_work =~ 1*work_t1 + 1*work_t2 + 1*work_t3
s_lead =~ 0*lead_t1 + 1*lead_t2 + 2*lead_t3\ns_work =~ 0*work_t1 + 1*work_t2 + 2*work_t3
i_lead ~ 1\ni_work ~ 1\ns_lead ~ 1\ns_work ~ 1\nlead_t1 ~ 0*1\nlead_t2 ~ 0*1\nlead_t3 ~ 0*1\nwork_t1 ~ 0*1\nwork_t2 ~ 0*1\nwork_t3 ~ 0*1
i_lead ~~ i_work\ns_lead ~~ s_work\nlead_t1 ~~ work_t1\nlead_t2 ~~ work_t2\nlead_t3 ~~ work_t3
s_lead ~ i_lead + i_work\ns_work ~ i_work + i_lead"
measured <- paste(sapply(1:3, function(t) gsub("#", t, "lead_t# =~ 1*z_aims_t# + la*z_trust_t# + lb*z_voice_t#\nwork_t# =~ 1*z_e1_t# + lc*z_e2_t# + ld*z_e3_t#
z_aims_t# ~ 0*1\nz_e1_t# ~ 0*1\nz_trust_t# ~ na*1\nz_voice_t# ~ nb*1\nz_e2_t# ~ nc*1\nz_e3_t# ~ nd*1\nlead_t# ~ 1\nwork_t# ~ 1")), collapse = "\n")
own <- paste(sapply(kept[3:8], function(x) sprintf("%s_t1 ~~ %s_t2 + %s_t3\n%s_t2 ~~ %s_t3", x, x, x, x, x)), collapse = "\n")

# Growth, as if each school's mean were known without error: children for schools, nlme's Orthodont.
m <- data.frame(school = as.character(nlme::Orthodont$Subject), time = nlme::Orthodont$age - 8, mean = nlme::Orthodont$distance)
for (start in c(1e-1, 1e-2, 1e-3)) g <- lmer(mean ~ time + (time | school), m, REML = TRUE, start = if (start < 1e-1) getME(g, "theta") else NULL,
  control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = start, rhoend = 1e-12, maxfun = 1e6)))
school <- coef(g)$school
latent <- three[, !names(three) %in% paste0(rep(c("lead_t", "work_t"), each = 3), 1:3)]
free <- gsub("(lead|work)_t([123]) ~ 1\n", "\\1_t\\2 ~ 0*1\n", paste0(measured, "\n"))
out <- list(
  versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")), lme4 = as.character(packageVersion("lme4"))),
  cross_lagged = fit(clpm3), cross_lagged.listwise = fit(clpm3, missing = "listwise"), cross_lagged.equal = fit(equal),
  cross_lagged.two = fit(clpm2, two), random_intercept = fit(riclpm), latent_change = fit(lcs3), latent_change.two = fit(lcs2, two),
  growth = fit(grow), latent.cross_lagged = fit(paste(measured, own, clpm3, sep = "\n"), latent),
  latent.random_intercept = fit(paste(measured, own, riclpm, sep = "\n"), latent),
  latent.growth = fit(paste(free, own, gsub("(lead|work)_t[123] ~ 0\\*1\n", "", grow), sep = "\n"), latent),
  schools = list(school = m$school, time = m$time, mean = m$mean, gamma = unname(fixef(g)), gamma_se = unname(sqrt(diag(as.matrix(vcov(g))))),
    G = unname(matrix(as.numeric(VarCorr(g)$school), 2)), omega2 = sigma(g)^2, logl = as.numeric(logLik(g)), labels = rownames(school),
    intercept = school[, 1], slope = school[, 2])
)
write_json(out, "order_over_time.json", auto_unbox = TRUE, digits = NA, na = "string", pretty = TRUE)
