// A map laid over the photograph: in shadow where nothing is said, a warm glow where much is.

const LONGEST = 160; // pixels of the drawn map; the browser enlarges it
const SHADOW = 150;
const GLOW = 130;

// The value at a place between four of the map's, bilinear; a place covers its own part.
function between(map, y, x) {
  const rows = map.length, columns = map[0].length;
  const down = Math.min(Math.max(y * rows - 0.5, 0), rows - 1);
  const right = Math.min(Math.max(x * columns - 0.5, 0), columns - 1);
  const top = Math.floor(down), left = Math.floor(right);
  const bottom = Math.min(top + 1, rows - 1), end = Math.min(left + 1, columns - 1);
  const v = down - top, h = right - left;
  return (1 - v) * ((1 - h) * map[top][left] + h * map[top][end])
    + v * ((1 - h) * map[bottom][left] + h * map[bottom][end]);
}

export function drawMap(canvas, map, picture) {
  const shrink = LONGEST / Math.max(picture.naturalWidth, picture.naturalHeight);
  const width = canvas.width = Math.max(1, Math.round(picture.naturalWidth * shrink));
  const height = canvas.height = Math.max(1, Math.round(picture.naturalHeight * shrink));
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const says = between(map, (y + 0.5) / height, (x + 0.5) / width);
      const glows = says > 0.5;
      const at = 4 * (y * width + x);
      image.data.set(glows ? [255, 214, 74] : [12, 14, 18], at);
      image.data[at + 3] = glows ? GLOW * (2 * says - 1) : SHADOW * (1 - 2 * says);
    }
  }
  context.putImageData(image, 0, 0);
}
