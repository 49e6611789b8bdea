// Buttons and sliders that cannot be reached by scrolling, or that lie upon one another.
const bad = [], boxes = [];
for (const element of document.querySelectorAll("header button, main button, main input")) {
  if (!element.checkVisibility()) continue;
  element.scrollIntoView({block: "nearest", inline: "nearest"});
  const b = element.getBoundingClientRect();
  const x = b.left + b.width / 2, y = b.top + b.height / 2, top = document.elementFromPoint(x, y);
  const name = element.id || element.textContent;
  if (!top || !(element.contains(top) || top.contains(element) || top.closest("label"))) bad.push(name);
  if (b.left < 0 || b.top < 0 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1) bad.push(name);
}
if (document.documentElement.scrollWidth > innerWidth) bad.push("wider than the window");
return bad;
