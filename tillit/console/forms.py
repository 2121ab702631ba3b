"""How forms look: ``{{ form }}`` and ``{{ form.name.as_field_group }}`` give label, control, help and errors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxInput, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)


class Control(BoundField):
    """A field whose widget carries the design system's classes."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        built = super().build_widget_attrs(attrs, widget)
        ours = next(css for kind, css in _CLASSES if isinstance(widget, kind))
        invalid = "is-invalid" if self.errors else ""
        given = str(built.get("class") or widget.attrs.get("class") or "")
        if css := " ".join(filter(None, (ours, invalid, given))):
            built["class"] = css
        return built

    @property
    def layout(self) -> str:
        """Which of the layouts of the field template fits the widget."""
        widget = self.field.widget
        if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
            return "choices"
        return "check" if isinstance(widget, forms.CheckboxInput) else "plain"


class Renderer(TemplatesSetting):
    """Django's forms in our templates."""

    form_template_name = "console/components/form.html"
    field_template_name = "console/components/field.html"
    bound_field_class = Control
