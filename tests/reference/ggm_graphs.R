# Makes ggm_graphs.json (R 4.2.2, ggm 2.5 and jsonlite 1.8.4). Graphs: drawn here, and kept in the file.
suppressMessages({ library(ggm); library(jsonlite) })
set.seed(11)
drawn <- function(n, p) {
  m <- matrix(0, n, n); m[upper.tri(m)] <- rbinom(n * (n - 1) / 2, 1, p)
  labels <- letters[sample(n)]; dimnames(m) <- list(labels, labels); m
}
pairs_of <- function(m) lapply(which(m) - 1, function(k)
  c(rownames(m)[k %% nrow(m) + 1], colnames(m)[k %/% nrow(m) + 1]))
one <- function(n, p) {
  m <- drawn(n, p)
  while (sum(m) < 4) m <- drawn(n, p)  # essentialGraph stops at graphs of no arrows
  names <- rownames(m)
  hidden <- sample(names, 2); essential <- essentialGraph(m)
  marginal <- MAG(m, M = hidden); directed <- essential == 1 & t(essential) == 0
  asked <- lapply(1:12, function(i) {
    s <- sample(names); k <- sample(0:(n - 2), 1); given <- if (k) s[2 + seq_len(k)] else character()
    list(first = s[1], second = s[2], given = I(given), separated = dSep(m, s[1], s[2], if (k) given else NULL))
  })
  list(nodes = names, arrows = pairs_of(m == 1), hidden = hidden,
    basis = lapply(basiSet(m), function(b) I(unname(b))),
    compelled = pairs_of(directed), reversible = pairs_of(essential == 1 & t(essential) == 1 & upper.tri(essential)),
    mag_arrows = pairs_of(marginal == 1), mag_confounded = pairs_of(marginal == 100 & upper.tri(marginal)),
    mag_codes = I(sort(unique(as.vector(marginal)))), asked = asked)
}
out <- list(versions = list(R = as.character(getRversion()), ggm = as.character(packageVersion("ggm")),
    jsonlite = as.character(packageVersion("jsonlite"))),
  graphs = c(lapply(1:12, function(i) one(6, .4)), lapply(1:8, function(i) one(9, .3))))
writeLines(toJSON(out, auto_unbox = TRUE), "ggm_graphs.json")
