"""The only room that rounds, labels and draws."""

from internal_coherence.report.alignment_figure import draw_alignment
from internal_coherence.report.comparison_figure import draw_comparison, draw_correlations, draw_group_pairs
from internal_coherence.report.confounding_figure import draw_confounding
from internal_coherence.report.evidence_page import validation_page
from internal_coherence.report.factor_figures import draw_loadings, draw_scree
from internal_coherence.report.figures import draw_profile
from internal_coherence.report.fit_reading import FitReading, read_fit
from internal_coherence.report.invariance_figure import draw_invariance
from internal_coherence.report.invariance_wording import describe_invariance
from internal_coherence.report.item_figures import draw_likert
from internal_coherence.report.model_figures import draw_loading_map, draw_modification_indices, draw_residual_map
from internal_coherence.report.multilevel_figure import draw_decision_study
from internal_coherence.report.order_figure import draw_order
from internal_coherence.report.ordering_appendix import ordering_page
from internal_coherence.report.ordering_use_figures import draw_stage_map, draw_stage_movement
from internal_coherence.report.ordering_use_page import stage_map_page, stage_movement_page, weak_stage_page
from internal_coherence.report.pages import profile_page, write_pages
from internal_coherence.report.path_diagram import draw_path_diagram
from internal_coherence.report.planning_figure import draw_plan
from internal_coherence.report.power_figure import draw_power
from internal_coherence.report.reliability_figure import draw_reliability
from internal_coherence.report.rival_orders_figure import draw_rival_orders
from internal_coherence.report.rivals_wording import describe_rivals
from internal_coherence.report.school_figures import draw_school_heatmap, draw_school_means
from internal_coherence.report.tables import (
    district_table,
    html_table,
    profile_summary,
    school_table,
    write_csv,
    write_xlsx,
)

__all__ = [
    "FitReading",
    "describe_invariance",
    "describe_rivals",
    "district_table",
    "draw_alignment",
    "draw_comparison",
    "draw_confounding",
    "draw_correlations",
    "draw_decision_study",
    "draw_group_pairs",
    "draw_invariance",
    "draw_likert",
    "draw_loading_map",
    "draw_loadings",
    "draw_modification_indices",
    "draw_order",
    "draw_path_diagram",
    "draw_plan",
    "draw_power",
    "draw_profile",
    "draw_reliability",
    "draw_residual_map",
    "draw_rival_orders",
    "draw_school_heatmap",
    "draw_school_means",
    "draw_scree",
    "draw_stage_map",
    "draw_stage_movement",
    "html_table",
    "ordering_page",
    "profile_page",
    "profile_summary",
    "read_fit",
    "school_table",
    "stage_map_page",
    "stage_movement_page",
    "validation_page",
    "weak_stage_page",
    "write_csv",
    "write_pages",
    "write_xlsx",
]
