from lossexp.base.screen import show_scores


def test_metrics_of_many_names_are_shown_as_ranges(capsys):
    of_classes = {f"{metric}/class {k}": k / 20 for metric in ("iou", "dice") for k in range(1, 12)}
    show_scores("a run", {"mean_iou": 0.3, **of_classes}, "")
    printed = capsys.readouterr().out
    assert "iou of 11: 0.0500 (class 1) to 0.5500 (class 11)" in printed
    assert "dice of 11: 0.0500 (class 1) to 0.5500 (class 11)" in printed
    assert "iou/class 1" not in printed
    show_scores("a run", {"mean_iou": 0.3, "iou/sky": 0.4}, "")
    assert "iou/sky" in capsys.readouterr().out


def test_errors_of_tiny_targets_are_no_zeros(capsys):
    show_scores("a run", {"rmse": 3.25e-9, "mae": 0.0, "r2": 0.5}, "")
    shown = capsys.readouterr().out
    assert all(value in shown for value in ("3.25e-09", "0.0000", "0.5000"))
