/** WCAG 2 relative luminance of `#rrggbb`. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * Sets the custom properties of the brand. Its colour fills the button and the progress; text on it is white or black, whichever is clearer.
 * The focus ring takes it at 4.5 on the background; below 3 the button gets a border.
 * @param color `#rrggbb`.
 */
export function paintBrand(color: string): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const { style } = document.documentElement;
  const paint = () => {
    const visible = contrast(color, dark.matches ? '#121417' : '#ffffff');
    style.setProperty('--brand', color);
    style.setProperty('--on-brand', contrast(color, '#ffffff') >= 4.5 ? '#ffffff' : '#000000');
    style.setProperty('--ring', visible >= 4.5 ? color : 'var(--accent)');
    style.setProperty('--brand-edge', visible >= 3 ? 'transparent' : 'var(--control)');
  };
  dark.addEventListener('change', paint);
  paint();
}
