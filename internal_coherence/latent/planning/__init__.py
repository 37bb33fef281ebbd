"""How many teachers a model needs, and how well it would have to fit."""

from internal_coherence.latent.planning.cutoffs_record import DynamicCutoffs
from internal_coherence.latent.planning.cutting_off import dynamic_cutoffs
from internal_coherence.latent.planning.power_of_fit import power_cfa, power_nested
from internal_coherence.latent.planning.power_of_parameters import power_parameters
from internal_coherence.latent.planning.power_plan import PowerPlan
from internal_coherence.latent.planning.simulating_power import simulate_power
from internal_coherence.latent.planning.simulation_record import SimulatedPower

__all__ = [
    "DynamicCutoffs",
    "PowerPlan",
    "SimulatedPower",
    "dynamic_cutoffs",
    "power_cfa",
    "power_nested",
    "power_parameters",
    "simulate_power",
]
