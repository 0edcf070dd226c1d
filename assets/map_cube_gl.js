/**
 * Drawing the points of a map in three dimensions with WebGL2: nearer points are larger, farther
 * ones fade into the ground, dimmed ones lie behind all others.
 */
(() => {
  'use strict';

  const FADE = 0.55; // how far the farthest points fade into the ground

  const VERTEX = `#version 300 es
    layout(location = 0) in vec3 place;
    layout(location = 1) in uint code;
    uniform mat3 turn;
    uniform vec2 stretch;
    uniform float eye;
    uniform float radius;
    uniform float diameter;
    uniform vec4 dim;
    uniform vec3 ground;
    uniform sampler2D palette;
    flat out vec3 colour;
    flat out float size;
    void main() {
      vec3 at = turn * (place - 0.5);
      float nearer = eye / (eye - at.z);
      gl_Position = vec4(at.xy * nearer * stretch, -at.z / (2.0 * radius), 1.0);
      size = diameter * nearer;
      gl_PointSize = size + 1.0;
      vec3 plain = mix(texelFetch(palette, ivec2(int(code), 0), 0).rgb, dim.rgb, dim.a);
      float far = clamp(0.5 - 0.5 * at.z / radius, 0.0, 1.0);
      colour = mix(plain, ground, ${FADE} * far * far);
    }`;

  const FRAGMENT = `#version 300 es
    precision highp float;
    flat in vec3 colour;
    flat in float size;
    out vec4 shown;
    void main() {
      float away = length(gl_PointCoord - 0.5) * (size + 1.0);
      float cover = clamp(size * 0.5 - away + 0.5, 0.0, 1.0);
      if (cover < 0.05) discard;
      shown = vec4(colour, cover);
    }`;

  const UNIFORMS = ['turn', 'stretch', 'eye', 'radius', 'diameter', 'dim', 'ground', 'palette'];

  /** Draws a map in three dimensions on a canvas of its own. */
  class CubeRenderer {
    /** Make one, or return null where WebGL2 is not to be had. */
    static create(stage, events) {
      const canvas = document.createElement('canvas');
      canvas.className = 'vt-map-canvas';
      canvas.setAttribute('aria-hidden', 'true');
      const gl = canvas.getContext('webgl2', { alpha: false, antialias: true, depth: true });
      if (!gl) return null;
      try {
        const renderer = new CubeRenderer(canvas, gl, events);
        stage.prepend(canvas);
        return renderer;
      } catch (problem) {
        console.warn(problem.message);
        return null;
      }
    }

    constructor(canvas, gl, events) {
      this.state = 'ready';
      this.canvas = canvas;
      this.gl = gl;
      this.events = events;
      this.style = { background: [1, 1, 1], dim: [0.8, 0.8, 0.8], palette: null };
      this.data = null;
      this.frame = 0;
      this.life = new AbortController();
      this.build();
      const { signal } = this.life;
      canvas.addEventListener('webglcontextlost', (e) => e.preventDefault(), { signal });
      canvas.addEventListener('webglcontextrestored', () => this.onRestored(), { signal });
    }

    /** Make what lives on the GPU; again after the context was lost. */
    build() {
      const { gl } = this;
      const program = Vitrine.map.buildProgram(gl, VERTEX, FRAGMENT);
      gl.useProgram(program);
      this.at = {};
      for (const name of UNIFORMS) this.at[name] = gl.getUniformLocation(program, name);
      this.places = gl.createBuffer();
      this.codes = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
      gl.enableVertexAttribArray(0);
      gl.vertexAttribPointer(0, 3, gl.UNSIGNED_SHORT, true, 0, 0);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.codes);
      gl.enableVertexAttribArray(1);
      gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
      gl.enable(gl.DEPTH_TEST);
      gl.enable(gl.SAMPLE_ALPHA_TO_COVERAGE); // smooth edges, in any order of drawing
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
        gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
      }
    }

    /** A new context came: make everything again. */
    onRestored() {
      this.build();
      if (this.style.palette) this.setStyle(this.style);
      if (this.data) this.setData(this.data);
      if (this.camera) this.draw(this.camera);
    }

    /** Set the colours: palette (256 × RGB bytes), background and dim (RGB in 0..1). */
    setStyle(style) {
      this.style = style;
      const { gl } = this;
      const format = [0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE];
      gl.texImage2D(gl.TEXTURE_2D, ...format, style.palette);
    }

    /** Set what is drawn: the cube's places, and codes and layers of all rows of the set. */
    setData(data) {
      this.data = data;
      const { rows, x, y, z } = data.points;
      const { Layer } = Vitrine.map;
      const order = [...rows.keys()].sort(
        (a, b) => (data.layers[rows[a]] !== Layer.DIMMED) - (data.layers[rows[b]] !== Layer.DIMMED),
      );
      const places = new Uint16Array(3 * rows.length);
      const codes = new Uint8Array(rows.length);
      order.forEach((at, i) => {
        places.set([x[at], y[at], z[at]], 3 * i);
        codes[i] = data.codes[rows[at]];
      });
      this.dimmed = order.filter((at) => data.layers[rows[at]] === Layer.DIMMED).length;
      const { gl } = this;
      gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
      gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.codes);
      gl.bufferData(gl.ARRAY_BUFFER, codes, gl.STATIC_DRAW);
    }

    /** Set the size in CSS pixels. */
    resize(width, height) {
      const ratio = window.devicePixelRatio || 1;
      this.canvas.width = Math.max(1, Math.round(width * ratio));
      this.canvas.height = Math.max(1, Math.round(height * ratio));
      if (this.camera) this.paint();
    }

    /** Draw the view at the next frame. */
    draw(camera) {
      this.camera = camera;
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.paint());
    }

    /** Draw the view. */
    paint() {
      const { gl, at, camera, canvas, data, style } = this;
      if (!data || gl.isContextLost()) return;
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(...style.background, 1);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      const n = data.points.rows.length;
      const [right, up, near] = camera.rotation;
      const columns = [0, 1, 2].flatMap((i) => [right[i], up[i], near[i]]);
      gl.uniformMatrix3fv(at.turn, false, columns);
      const { scale, width, height } = camera;
      gl.uniform2f(at.stretch, (2 * scale) / width, (2 * scale) / height);
      gl.uniform1f(at.eye, camera.eye);
      gl.uniform1f(at.radius, camera.radius);
      const size = Vitrine.map.cubePointSize(scale, n);
      gl.uniform1f(at.diameter, (size * canvas.width) / width);
      gl.uniform3f(at.ground, ...style.background);
      gl.uniform1i(at.palette, 0);
      gl.depthMask(false);
      gl.uniform4f(at.dim, ...style.dim, 0.85);
      if (this.dimmed) gl.drawArrays(gl.POINTS, 0, this.dimmed);
      gl.depthMask(true);
      gl.uniform4f(at.dim, ...style.dim, 0);
      if (n > this.dimmed) gl.drawArrays(gl.POINTS, this.dimmed, n - this.dimmed);
      this.events.drawn(n, true);
    }

    /** Wait until the GPU has done all it was told (for measurements). */
    finish() {
      this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
    }

    /** Free the GPU's memory and the canvas. */
    dispose() {
      cancelAnimationFrame(this.frame);
      this.life.abort();
      const lose = this.gl.getExtension('WEBGL_lose_context');
      if (lose) lose.loseContext();
      this.canvas.remove();
      this.data = null;
    }
  }

  window.Vitrine.map.CubeRenderer = CubeRenderer;
})();
