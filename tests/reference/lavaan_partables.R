# Parameter tables of lavaan, as cfa(), sem() and growth() complete them; no data are needed, and nothing is fitted.
# Rscript lavaan_partables.R > lavaan_partables.json
suppressMessages({library(lavaan); library(jsonlite)})

hs <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
poldem <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + a*y2 + b*y3 + c*y4\ndem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ ind60\ndem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8"
mediation <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8
dem60 ~ a*ind60\ndem65 ~ cp*ind60 + b*dem60\nind := a*b\ntotal := cp + a*b\nprop := ind/total"
bifactor <- "g =~ x1+x2+x3+x4+x5+x6+x7+x8+x9\nvisual =~ x1+x2+x3\ntextual =~ x4+x5+x6\nspeed =~ x7+x8+x9"
mixed <- "f =~ y1 + y2 + y3\ng =~ u1 + u2 + u3\ng ~ x\nz ~ x\nw ~ x\ny1 ~~ y2\nf ~~ q\nh =~ v1 + v2\nh ~ x"
paths <- "y ~ x1 + x2\nz ~ x1"
steps <- list(configural = NULL, loadings = "loadings", intercepts = "intercepts", metric.and.scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals"), means = c("loadings", "intercepts", "residuals", "means"),
  lv.variances = c("loadings", "lv.variances"), lv.covariances = c("loadings", "lv.covariances"),
  everything = c("loadings", "intercepts", "means", "residuals", "residual.covariances", "lv.variances", "lv.covariances", "regressions"))

found <- list()
put <- function(key, model, fun = "sem", ngroups = 1, ...) {
  names <- lavNames(suppressWarnings(lavaanify(model, ngroups = ngroups)), "ov")
  S <- diag(length(names)) + .3
  dimnames(S) <- list(names, names)
  many <- ngroups > 1
  data <- list(sample.cov = if (many) rep(list(S), ngroups) else S, sample.nobs = rep(200, ngroups))
  if (many) data$sample.mean <- rep(list(setNames(rep(0, length(names)), names)), ngroups)
  options <- list(...)
  fit <- suppressWarnings(do.call(fun, c(list(model, do.fit = FALSE), data, options)))
  t <- as.data.frame(parTable(fit))[c("lhs", "op", "rhs", "user", "group", "free", "ustart", "exo", "label", "plabel")]
  found[[key]] <<- list(model = model, fun = fun, groups = ngroups, options = if (length(options)) options else NULL,
    observed = lavNames(fit, "ov"), latent = lavNames(fit, "lv"), meanstructure = fit@Options$meanstructure, rows = as.list(t))
}

put("hs", hs, "cfa")
put("hs.std.lv", hs, "cfa", std.lv = TRUE)
put("hs.meanstructure", hs, "cfa", meanstructure = TRUE)
put("hs.orthogonal", hs, "cfa", orthogonal = TRUE)
put("hs.orthogonal.std.lv", hs, "cfa", orthogonal = TRUE, std.lv = TRUE)
put("hs.effect.coding", hs, "cfa", effect.coding = TRUE)
put("hs.effect.coding.means", hs, "cfa", effect.coding = TRUE, meanstructure = TRUE)
put("hs.effect.coding.loadings", hs, "cfa", effect.coding = "loadings", meanstructure = TRUE)
put("hs.labels", "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + c*x5 + c*x6\nspeed =~ x7 + x8 + x9", "cfa")
put("second.order", paste0(hs, "\ng =~ visual + textual + speed"), "cfa")
put("second.order.std.lv", paste0(hs, "\ng =~ visual + textual + speed"), "cfa", std.lv = TRUE)
put("second.order.means", paste0(hs, "\ng =~ visual + textual + speed"), "cfa", meanstructure = TRUE)
put("bifactor", bifactor, "cfa", orthogonal = TRUE, std.lv = TRUE)
put("poldem", poldem)
put("poldem.means", poldem, meanstructure = TRUE)
put("mediation", mediation)
put("observed.mediation", "x4 ~ a*x1\nx9 ~ b*x4 + c*x1 + x7\nab := a*b\ntot := c + a*b")
put("demo", "f =~ y1+y2+y3+y4", "cfa")

for (step in names(steps)) for (std in c(FALSE, TRUE)) {
  extra <- if (is.null(steps[[step]])) list() else list(group.equal = steps[[step]])
  do.call(put, c(list(paste("hs.groups", step, std, sep = "."), hs, "cfa", 2, std.lv = std), extra))
}
put("groups.partial", hs, "cfa", 2, group.equal = c("loadings", "intercepts"), group.partial = c("visual=~x2", "x7~1"))
put("groups.partial.residuals", hs, "cfa", 2, group.equal = c("residuals", "lv.covariances"), group.partial = c("x1~~x1", "visual~~textual"))
put("groups.three", paste0(hs, "\ntextual ~ visual"), "sem", 3, group.equal = c("loadings", "intercepts", "regressions"))
for (step in c("lv.covariances", "residual.covariances", "residuals", "regressions", "intercepts", "means", "lv.variances"))
  for (fixed in c(TRUE, FALSE)) put(paste("groups.mixed", step, fixed, sep = "."), mixed, "sem", 2, group.equal = step, fixed.x = fixed)
put("groups.effect.coding", hs, "cfa", 2, effect.coding = TRUE)
put("groups.effect.coding.equal", hs, "cfa", 2, effect.coding = TRUE, group.equal = c("loadings", "intercepts"))
put("groups.labels", "f =~ y1 + a*y2 + c(b, d)*y3", "cfa", 2)
put("groups.labels.equal", "f =~ y1 + a*y2 + c(b, d)*y3", "cfa", 2, group.equal = c("loadings", "intercepts", "residuals", "lv.variances", "means"))
put("groups.values", "f =~ y1 + c(1, NA)*y2 + c(0.5, 0.7)*y3 + start(c(.1, .2))*y4", "cfa", 2)
put("groups.values.first", "f =~ c(NA, 1)*y1 + y2\nf ~~ c(1, NA)*f", "cfa", 2)
put("groups.mean.written", "f =~ y1 + y2 + y3\nf ~ 0*1", "cfa", 2, group.equal = c("loadings", "intercepts"))
put("groups.mean.free", "f =~ y1 + y2 + y3\nf ~ NA*1\ny1 ~ 0*1", "cfa", 2, group.equal = c("loadings", "intercepts"))
put("groups.variance.written", "f =~ y1 + y2 + y3\nf ~~ 1*f", "cfa", 2, group.equal = c("loadings", "intercepts"))
put("groups.random.x", "f =~ y1 + y2 + y3\nf ~ x\nx ~~ c(a, b)*x\nx ~ 1", "sem", 2, group.equal = c("loadings", "intercepts"))

put("paths", paths)
put("paths.means", paths, meanstructure = TRUE)
put("paths.random", paths, fixed.x = FALSE, meanstructure = TRUE)
put("paths.random.variance", "y ~ x1 + x2 + x3\nx1 ~~ x1", fixed.x = FALSE)
put("paths.other", "y ~ x1 + x2\nz ~ x1\nx1 ~~ w")
put("paths.covariance", "y ~ x1 + x2\nz ~ x1\nx1 ~~ x2")
put("paths.mean", "y ~ x1 + x2\nz ~ x1\nx1 ~ 1")
put("paths.chain", "y ~ x1 + x2\nz ~ x1\nw ~ y")
put("paths.loop", "y ~ x1\nx2 ~~ x2\nx1 ~ z\nz ~ y")
put("paths.several", "a + b ~ x + z\nf + g =~ y1 + y2 + y3 + y4\ny1 + y2 ~ 1")
put("paths.constraint", "f =~ y1 + y2 + y3 + y4\na == b\nf ~ a*x + b*z")
put("paths.orthogonal", "y ~ x1 + x2\nz ~ x1\nf =~ v1 + v2\nf ~ x1", orthogonal = TRUE)
put("mixed", mixed)
put("structural", "f =~ y1 + y2 + y3\nf ~ x1\nz ~ x1\ng =~ u1 + u2 + u3\ng ~ f\nh =~ v1 + v2\nh ~ x2")
put("mimic", "f =~ y1 + y2 + y3\nh =~ f + u1 + u2\nk =~ v1 + v2 + v3\nf ~ x\nk ~ x\nq ~ x\ny1 ~ x")
put("indicator.predicts", "f =~ y1 + y2 + y3\ng =~ u1 + u2 + u3\nf ~ g\nz ~ y1 + x\nw ~ f")
put("indicator.predicted", "f =~ y1 + y2 + y3\ny1 ~ x1\ny2 ~ y3\nz ~ f")
put("late.factor", "y1 ~ x\ny2 ~ x\nf =~ y1 + y2 + y3\nw ~ y1")
put("latent.with.observed", "f =~ y1 + y2 + y3\nf ~~ x\nz ~~ x\nf ~ z")
put("factor.and.covariate", "f =~ y1 + y2 + y3\ny ~ f + x\ng =~ v1 + v2 + v3\nx ~~ f", "cfa", orthogonal = TRUE)
put("extras", "f =~ y1 + y2 + y3\ng =~ u1 + u2 + u3\nf ~~ 0*g\ny1 ~~ u1\nz ~~ z\nq ~~ r\ns ~ 1")
put("single", "f =~ y1\ng =~ u1 + u2 + u3")
put("single.std.lv", "f =~ y1\ng =~ u1 + u2 + u3", std.lv = TRUE)
put("single.cross", "f =~ y1\ng =~ y1 + y2 + y3")
put("single.written", "f =~ y1\ny1 ~~ 0.2*y1\ng =~ u1 + u2 + u3")
put("single.second", "f =~ y1 + y2 + y3\ng =~ u1\nh =~ f + g\nk =~ h", "cfa")
put("single.effect.coding", "f =~ y1\ng =~ u1 + u2", effect.coding = TRUE)
put("third.order", "f =~ y1 + y2 + y3\ng =~ u1 + u2 + u3\nh =~ f + g\nk =~ w1 + w2 + h", meanstructure = TRUE)
put("effect.coding.fixed", "f =~ 1*y1 + y2 + y3\ng =~ u1 + NA*u2 + u3 + y2\nh =~ f + g + v", "cfa", effect.coding = TRUE, meanstructure = TRUE)
put("effect.coding.mean", "f =~ y1 + y2 + y3\nf ~ 1\ng =~ u1 + u2\ng ~ f", effect.coding = TRUE)
put("modifiers", "f =~ NA*y1 + y2 + 0.5*y3 + start(.8)*y4 + a*y5 + b*y6\nf ~~ 1*f\ny1 ~ 0.5*1\ny2 ~ u*1\na == b^2\nc := a*b\na > 0\nb < 1")
put("modifiers.first", "f =~ a*y1 + y2 + y3\ng =~ start(.4)*u1 + u2 + u3\nh =~ c*w1 + 1*w2 + w3")
put("modifiers.repeated", "f =~ y1 + y2 + a*y2 + start(.3)*y2 + y3")
put("marker.elsewhere", "f =~ y1 + 1*y2\ng =~ NA*u1 + u2\nf =~ y3", "cfa", 2)
put("std.lv.variance.free", "f =~ y1 + y2 + y3\nf ~~ NA*f", std.lv = TRUE)
put("std.lv.variance.labelled", "f =~ y1 + y2 + y3\nf ~~ a*f", std.lv = TRUE)
put("constraints", "f =~ y1 + y2 + y3\nf ~~ a*f\na == 1\ny1 ~~ b*y1\ny2 ~~ b*y2\ny3 ~~ c1*y3\nc1 == b\nd := a + b\ne := d*2\ne == c1")
put("intercepts", "f =~ y1 + y2 + y3\ny1 ~ 0\ny2 ~ 1 + x")
put("growth", "i =~ 1*y1 + 1*y2 + 1*y3\ns =~ 0*y1 + 1*y2 + 2*y3\ni ~ x", "growth")
put("growth.groups", "i =~ 1*y1 + 1*y2 + 1*y3\ns =~ 0*y1 + 1*y2 + 2*y3", "growth", 2, group.equal = "means")

found$.meta <- list(R = R.version.string, packages = list(lavaan = as.character(packageVersion("lavaan"))),
  call = "parTable(fun(model, do.fit = FALSE, sample.cov = , sample.nobs = , ...)); data: none")
cat(toJSON(found, auto_unbox = TRUE, digits = NA, na = "null", null = "null"), "\n")
