"use strict";
(function () {
  var byId = function (id) { return document.getElementById(id); };
  var tools = document.querySelector(".tools");
  var devices = Array.prototype.slice.call(document.querySelectorAll(".device"));
  var groups = Array.prototype.slice.call(document.querySelectorAll(".group"));
  if (tools && devices.length > 0) {
    var find = byId("find"), show = byId("show"), order = byId("order"), unfold = byId("unfold"), found = byId("found");
    var texts = devices.map(function (d) {
      return (d.querySelector("summary").textContent + " " + d.querySelector("dl.plain").textContent).toLowerCase();
    });
    var place = new Map(devices.map(function (d, i) { return [d, i]; }));
    tools.hidden = false;
    tools.addEventListener("submit", function (event) { event.preventDefault(); });
    var filter = function () {
      var words = find.value.toLowerCase().split(/\s+/).filter(Boolean), wanted = show.value, shown = 0;
      devices.forEach(function (d, i) {
        var fits = words.every(function (word) { return texts[i].indexOf(word) >= 0; });
        if (wanted === "unsure") { fits = fits && Number(d.dataset.share) < 80; }
        else if (wanted) { fits = fits && d.hasAttribute("data-" + wanted); }
        d.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      groups.forEach(function (g) { g.hidden = !g.querySelector(".device:not([hidden])"); });
      found.textContent = shown === devices.length ? "" : shown + " of " + devices.length + " devices";
    };
    var sort = function () {
      var by = order.value;
      var compare = function (a, b) {
        var result = 0;
        if (by === "name" || by === "vendor") {
          if (!a.dataset[by] !== !b.dataset[by]) { result = a.dataset[by] ? -1 : 1; }
          else { result = a.dataset[by].localeCompare(b.dataset[by], "en", { numeric: true }); }
        }
        else if (by === "seen") { result = b.dataset.seen - a.dataset.seen; }
        else if (by === "share") { result = a.dataset.share - b.dataset.share; }
        else if (by === "score") { result = b.dataset.score - a.dataset.score; }
        return result || place.get(a) - place.get(b);
      };
      groups.forEach(function (g) {
        Array.prototype.slice.call(g.querySelectorAll(":scope > .device")).sort(compare)
          .forEach(function (d) { g.appendChild(d); });
      });
    };
    find.addEventListener("input", filter);
    show.addEventListener("change", filter);
    order.addEventListener("change", sort);
    unfold.addEventListener("click", function () {
      var open = unfold.textContent === "Open all";
      devices.forEach(function (d) { if (!d.hidden) { d.open = open; } });
      unfold.textContent = open ? "Close all" : "Open all";
    });
    var jump = function () {
      var target = byId(decodeURIComponent(location.hash.slice(1)));
      if (!target) { return; }
      if (target.hidden || (target.parentElement && target.parentElement.hidden)) { find.value = ""; show.value = ""; filter(); }
      if (target.classList.contains("device")) { target.open = true; }
      target.scrollIntoView();
    };
    window.addEventListener("hashchange", jump);
    if (location.hash) { jump(); }
  }
  var picture = document.querySelector(".picture");
  if (picture) {
    var lines = Array.prototype.slice.call(picture.querySelectorAll(".lines .line"));
    var light = function (node) {
      picture.classList.toggle("focused", node !== null);
      lines.forEach(function (line) {
        line.classList.toggle("lit", node !== null && (line.dataset.a === node.id || line.dataset.b === node.id));
      });
    };
    picture.querySelectorAll(".node").forEach(function (node) {
      var whole = node.parentElement.tagName.toLowerCase() === "a" ? node.parentElement : node;
      whole.addEventListener("mouseenter", function () { light(node); });
      whole.addEventListener("mouseleave", function () { light(null); });
      whole.addEventListener("focus", function () { light(node); });
      whole.addEventListener("blur", function () { light(null); });
    });
  }
}());
