/** Colours of a map: from its palette attributes and from the style sheet's variables. */
(() => {
  'use strict';

  const probe = document.createElement('canvas').getContext('2d');

  /** Red, green and blue (0..255) of any CSS colour without transparency; black if unreadable. */
  function rgb(colour) {
    probe.fillStyle = '#000000';
    probe.fillStyle = colour;
    const hex = /^#(..)(..)(..)$/.exec(probe.fillStyle);
    return hex ? hex.slice(1).map((part) => parseInt(part, 16)) : [0, 0, 0];
  }

  /** Bytes of a palette texture, RGB of each code; a missing colour is grey. */
  function paletteBytes(palette) {
    const bytes = new Uint8Array(256 * 3).fill(136);
    palette.slice(0, 256).forEach((hex, code) => {
      const value = parseInt(hex.slice(1), 16);
      bytes.set([value >> 16, (value >> 8) & 255, value & 255], 3 * code);
    });
    return bytes;
  }

  /** The style of a host in the present theme, and the palette that belongs to it. */
  function readStyle(host, light, darkOnes) {
    const dark = document.documentElement.dataset.bsTheme === 'dark';
    const palette = dark && darkOnes.length ? darkOnes : light;
    const computed = getComputedStyle(host);
    const colour = (name) => rgb(computed.getPropertyValue(name).trim()).map((v) => v / 255);
    const style = {
      dark,
      palette: paletteBytes(palette),
      background: colour('--vt-map-background'),
      dim: colour('--vt-map-dim'),
    };
    return { palette, style };
  }

  Object.assign(window.Vitrine.map, { readStyle });
})();
