# Makes multilevel_agreement_indices.json (R 4.2.2, multilevel 2.7). Data: multilevel::lq2002, and answers written here.
suppressMessages({library(multilevel); library(jsonlite)})
data(lq2002)
lead <- lq2002[paste0("LEAD", sprintf("%02d", 1:11))]; tsig <- lq2002[paste0("TSIG", sprintf("%02d", 1:3))]
group <- lq2002$COMPID
out <- list(
  rwg.LEAD01 = rwg(lq2002$LEAD01, group, ranvar = 2),
  rwg.LEAD01.slight = rwg(lq2002$LEAD01, group, ranvar = 1.34),
  rwg.j.LEAD.slight = rwg.j(lead, group, ranvar = 1.34),
  rwg.j.lindell.LEAD = rwg.j.lindell(lead, group, ranvar = 2),
  rwg.j.lindell.TSIG = rwg.j.lindell(tsig, group, ranvar = 2),
  awg.LEAD = awg(lead, group, range = c(1, 5)),
  ad.m.LEAD = ad.m(lead, group), ad.m.LEAD.median = ad.m(lead, group, type = "median"),
  ad.m.LEAD01 = ad.m(lq2002$LEAD01, group), ad.m.LEAD01.median = ad.m(lq2002$LEAD01, group, type = "median"))
# Missing answers, teachers all alike, means at the ends of the scale, a school of one.
x <- data.frame(a = c(1, 2, NA, 4, 5, 3, 2, 3, 5, 5, 5, 2, 1, 1, 1, 5, 5, 5),
                b = c(2, 2, 3, NA, 4, 3, 2, 3, 5, 5, 5, 2, 1, 1, 1, 5, 5, 5),
                c = c(3, 2, 3, 3, 4, 4, NA, 3, 5, 5, 4, 2, 1, 1, 1, 5, 5, 5))
g <- c(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, rep(5, 6))
out$odd.items <- x; out$odd.group <- g
out$odd <- list(rwg = rwg(x$a, g, 2), rwg.j = rwg.j(x, g, 2), rwg.j.lindell = rwg.j.lindell(x, g, 2),
  ad.m = ad.m(x, g), ad.md = ad.m(x, g, type = "median"), awg = awg(x, g, range = c(1, 5)))
# Null distributions: the .95 quantile of agreement (.05 of deviation) and the mean, from many draws.
set.seed(20261124); n <- 20000; R <- matrix(0.4, 6, 6); diag(R) <- 1
null <- function(sim, field, at) c(mean = mean(sim[[field]]), quantile = unname(quantile(sim[[field]], at, type = 1)))
out$sim <- list(
  rwg = null(rwg.sim(10, 5, n), "rwg", .95),
  rwg.j = null(rwg.j.sim(10, 6, 5, nrep = n), "rwg", .95),
  rwg.j.correlated = null(rwg.j.sim(10, 6, 5, itemcors = R, nrep = n), "rwg", .95),
  ad.m = null(ad.m.sim(10, 6, 5, nrep = n), "ad.m", .05),
  ad.m.one = null(ad.m.sim(10, 1, 5, nrep = n), "ad.m", .05),
  ad.md = null(ad.m.sim(10, 6, 5, type = "median", nrep = n), "ad.m", .05),
  ad.m.correlated = null(ad.m.sim(10, 6, 5, itemcors = R, nrep = n), "ad.m", .05))
out$sim <- lapply(out$sim, as.list)
out[["_provenance"]] <- list(software = paste0("R ", getRversion(), ", multilevel ", packageVersion("multilevel")),
  script = "multilevel_agreement_indices.R", data = "multilevel::lq2002, columns as in data/lq2002.csv; answers in the script")
write_json(out, "multilevel_agreement_indices.json", auto_unbox = TRUE, digits = NA, dataframe = "columns", na = "null")
