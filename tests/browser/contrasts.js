// The contrast of every text with what is behind it, by WCAG 2's formula.
const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const over = (top, alpha, below) => top.map((v, i) => v * alpha + below[i] * (1 - alpha));
function behind(element) {
  const colours = [];
  for (let e = element; e; e = e.parentElement) colours.push(numbers(getComputedStyle(e).backgroundColor));
  return colours.reverse().reduce((below, [r, g, b, a = 1]) => over([r, g, b], a, below), [255, 255, 255]);
}
const found = [];
for (const element of document.querySelectorAll("header *, main *, footer *, dialog *, #notice")) {
  if (element.closest("svg") || element.closest(":disabled") || !element.checkVisibility()) continue;
  const own = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join("");
  if (!own) continue;
  let alpha = 1;
  for (let e = element; e; e = e.parentElement) alpha *= Number(getComputedStyle(e).opacity);
  const back = behind(element), [r, g, b] = numbers(getComputedStyle(element).color);
  const [a, c] = [light(over([r, g, b], alpha, back)), light(back)].sort((x, y) => y - x);
  found.push([own, (a + 0.05) / (c + 0.05)]);
}
return found;
