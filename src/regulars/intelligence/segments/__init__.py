"""Who is alike: fifths, stages of life, groups that shop alike, and segments that people write."""

from regulars.intelligence.segments.builder import Segment, Segments, build_segments
from regulars.intelligence.segments.clusters import Cluster, Clusters, find_clusters
from regulars.intelligence.segments.rfm import express_rfm, score_rfm
from regulars.intelligence.segments.stages import STAGES, Stage, explain_stage, name_stages

__all__ = [
    "STAGES",
    "Cluster",
    "Clusters",
    "Segment",
    "Segments",
    "Stage",
    "build_segments",
    "explain_stage",
    "express_rfm",
    "find_clusters",
    "name_stages",
    "score_rfm",
]
