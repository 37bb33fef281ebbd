# Makes lme4_school_means.json (R 4.2.2, lme4 1.1-31, multilevel 2.8). Data: multilevel::lq2002, as data/lq2002.csv.
suppressMessages({library(lme4); library(multilevel); library(jsonlite)})
d <- read.csv("data/lq2002.csv"); d$COMPID <- factor(d$COMPID)
# A covariate of each kind, made from the row's number.
d$number <- (seq_len(nrow(d)) %% 7) / 7; d$level <- c("primary", "secondary", "middle")[1 + seq_len(nrow(d)) %% 3]
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, xtol_rel = 1e-12, ftol_rel = 1e-15))
out <- list()
for (v in c("LEAD", "TSIG")) for (reml in c(TRUE, FALSE)) {
  d$y <- d[[v]]; m <- lmer(y ~ 1 + (1 | COMPID), d, REML = reml, control = tight); s <- as.data.frame(VarCorr(m))
  r <- ranef(m, condVar = TRUE)$COMPID
  fit <- list(tau2 = s$vcov[1], sigma2 = s$vcov[2], mean = fixef(m)[[1]], mean_se = sqrt(vcov(m)[1, 1]),
    log_likelihood = as.numeric(logLik(m)), school = rownames(r), effect = r[[1]], condvar = as.numeric(attr(r, "postVar")))
  if (!reml) { p <- suppressMessages(confint(m, quiet = TRUE)); fit$profile <- list(tau = p[1, ], sigma = p[2, ], mean = p[3, ]) }
  m <- lmer(y ~ number + level + (1 | COMPID), d, REML = reml, control = tight); s <- as.data.frame(VarCorr(m))
  fit$adjusted <- list(tau2 = s$vcov[1], sigma2 = s$vcov[2], log_likelihood = as.numeric(logLik(m)),
    est = unname(fixef(m)), se = unname(sqrt(diag(as.matrix(vcov(m))))))
  out[[paste0(v, if (reml) ".reml" else ".ml")]] <- fit
}
out$mult.icc <- mult.icc(d[c("LEAD", "TSIG")], d$COMPID)
write_json(out, "lme4_school_means.json", auto_unbox = TRUE, digits = NA)
