/**
 * Drawing the points with WebGL2.
 *
 * Points lie on the GPU in the order they are drawn: dimmed, then noise, then the rest, and within
 * each of these three in sample order, so that a sample is three prefixes. While the view moves
 * only a sample is drawn, a smaller one where frames are slow; at rest all points are drawn, in
 * slices of one frame each, into a picture of their own that replaces the sample when it is
 * complete.
 */
(() => {
  'use strict';

  const SAMPLES = [120000, 60000, 30000]; // points drawn while moving; the first that is quick
  const SLOW = 60; // milliseconds a frame that call for a smaller sample
  const QUICK = 24; // milliseconds a frame that allow a larger one
  const SLICE = 250000; // points drawn in one frame while completing the picture
  const REST = 160; // milliseconds without movement after which all points are drawn

  const VERTEX = `#version 300 es
    layout(location = 0) in vec2 place;
    layout(location = 1) in uint code;
    uniform vec2 centre;
    uniform vec2 stretch;
    uniform float diameter;
    uniform vec4 dim;
    uniform sampler2D palette;
    flat out vec3 colour;
    void main() {
      gl_Position = vec4((place - centre) * stretch, 0.0, 1.0);
      gl_PointSize = diameter + 1.0;
      colour = mix(texelFetch(palette, ivec2(int(code), 0), 0).rgb, dim.rgb, dim.a);
    }`;

  const FRAGMENT = `#version 300 es
    precision highp float;
    flat in vec3 colour;
    uniform float diameter;
    uniform float opacity;
    out vec4 shown;
    void main() {
      float away = length(gl_PointCoord - 0.5) * (diameter + 1.0);
      float cover = clamp(diameter * 0.5 - away + 0.5, 0.0, 1.0);
      if (cover <= 0.0) discard;
      shown = vec4(colour, cover * opacity);
    }`;

  const UNIFORMS = ['centre', 'stretch', 'diameter', 'opacity', 'dim', 'palette'];

  /** Compile the two shaders; throws with the driver's words if they are refused. */
  function buildProgram(gl, vertex, fragment) {
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source.trim());
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`WebGL2 refused the map's shaders: ${gl.getProgramInfoLog(program)}`);
    }
    return program;
  }

  /** Sort rows by layer, keeping their order within each; count each layer, whole and by sample. */
  function arrange(order, layers) {
    const count = [0, 0, 0];
    const inSample = SAMPLES.map(() => null);
    for (let i = 0; i < order.length; i++) {
      const level = SAMPLES.indexOf(i);
      if (level >= 0) inSample[level] = [...count];
      count[layers[order[i]]]++;
    }
    SAMPLES.forEach((_, level) => (inSample[level] = inSample[level] || count));
    const start = [0, count[0], count[0] + count[1]];
    const next = [...start];
    const arranged = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) arranged[next[layers[order[i]]]++] = order[i];
    return { arranged, start, count, inSample };
  }

  /** Draws points on a canvas of its own. */
  class GlRenderer {
    /** Make one, or return null where WebGL2 is not to be had. */
    static create(stage, events) {
      const canvas = document.createElement('canvas');
      canvas.className = 'vt-map-canvas';
      canvas.setAttribute('aria-hidden', 'true');
      const gl = canvas.getContext('webgl2', {
        alpha: false,
        antialias: false,
        depth: false,
        powerPreference: 'high-performance',
      });
      if (!gl) return null;
      try {
        const renderer = new GlRenderer(canvas, gl, events);
        stage.prepend(canvas);
        return renderer;
      } catch (problem) {
        console.warn(problem.message);
        return null;
      }
    }

    /**
     * @param {{drawn: function(number, boolean)}} events `drawn(points, complete)` after each frame
     */
    constructor(canvas, gl, events) {
      this.state = 'ready';
      this.canvas = canvas;
      this.gl = gl;
      this.events = events;
      this.style = { background: [1, 1, 1], dim: [0.8, 0.8, 0.8], palette: null };
      this.data = null;
      this.pending = { frame: 0, rest: 0 };
      this.pace = { level: 0, last: 0, mean: 0, frames: 0 };
      this.life = new AbortController();
      this.build();
      const options = { signal: this.life.signal };
      canvas.addEventListener('webglcontextlost', (e) => this.onLost(e), options);
      canvas.addEventListener('webglcontextrestored', () => this.onRestored(), options);
    }

    /** Make what lives on the GPU; again after the context was lost. */
    build() {
      const { gl } = this;
      this.program = buildProgram(gl, VERTEX, FRAGMENT);
      gl.useProgram(this.program);
      this.at = {};
      for (const name of UNIFORMS) this.at[name] = gl.getUniformLocation(this.program, name);
      this.places = gl.createBuffer();
      this.codes = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
      gl.enableVertexAttribArray(0);
      gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, true, 0, 0);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.codes);
      gl.enableVertexAttribArray(1);
      gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
      gl.enable(gl.BLEND);
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
        gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
      }
      this.whole = null;
    }

    /** The context is gone: stop drawing and ask for a new one. */
    onLost(event) {
      event.preventDefault();
      this.cancel();
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

    /** Set what is drawn: points, their sample order, colour codes and layers, by row. */
    setData(data) {
      this.data = data;
      const { points, order, codes, layers } = data;
      const plan = arrange(order, layers);
      const places = new Uint16Array(2 * points.n);
      const colours = new Uint8Array(points.n);
      plan.arranged.forEach((row, i) => {
        places[2 * i] = points.x[row];
        places[2 * i + 1] = points.y[row];
        colours[i] = codes[row];
      });
      const { gl } = this;
      gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
      gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.codes);
      gl.bufferData(gl.ARRAY_BUFFER, colours, gl.STATIC_DRAW);
      this.plan = { start: plan.start, count: plan.count, inSample: plan.inSample };
    }

    /** Set the size in CSS pixels; the canvas gets as many as the screen has there. */
    resize(width, height) {
      const ratio = window.devicePixelRatio || 1;
      this.canvas.width = Math.max(1, Math.round(width * ratio));
      this.canvas.height = Math.max(1, Math.round(height * ratio));
      this.dropWhole();
      if (this.camera) this.drawSample(); // at once: a resized canvas is blank
    }

    /** Draw the view at the next frame: a sample at once, all points when it rests. */
    draw(camera) {
      this.camera = camera;
      this.cancel();
      this.pending.frame = requestAnimationFrame(() => this.drawSample());
    }

    /** Forget what was to be drawn. */
    cancel() {
      cancelAnimationFrame(this.pending.frame);
      clearTimeout(this.pending.rest);
    }

    /** Draw the sample to the screen and wait for rest. */
    drawSample() {
      if (!this.data || this.gl.isContextLost()) return;
      const sample = this.plan.inSample[this.keepPace()];
      this.prepare(null);
      const drawn = this.drawRanges(this.plan.start.map((first, k) => [k, first, sample[k]]));
      const complete = drawn === this.data.points.n;
      this.events.drawn(drawn, complete);
      if (!complete) this.pending.rest = setTimeout(() => this.completePicture(), REST);
    }

    /** Choose the sample by how long frames have taken while moving; returns its place in SAMPLES. */
    keepPace() {
      const { pace } = this;
      const now = performance.now();
      const took = now - pace.last;
      pace.last = now;
      if (took > 300) Object.assign(pace, { mean: 0, frames: 0 }); // a new movement
      else {
        pace.frames += 1;
        pace.mean = pace.frames === 1 ? took : 0.7 * pace.mean + 0.3 * took;
      }
      if (pace.frames < 3) return pace.level;
      const step = pace.mean > SLOW ? 1 : pace.mean < QUICK ? -1 : 0;
      const level = Math.min(SAMPLES.length - 1, Math.max(0, pace.level + step));
      if (level !== pace.level) Object.assign(pace, { level, mean: 0, frames: 0 });
      return pace.level;
    }

    /** Draw all points, one slice a frame, off the screen; then show them at once. */
    completePicture() {
      const slices = [];
      this.plan.start.forEach((start, layer) => {
        const end = start + this.plan.count[layer];
        for (let s = start; s < end; s += SLICE) slices.push([layer, s, Math.min(SLICE, end - s)]);
      });
      let next = 0;
      const step = () => {
        if (this.gl.isContextLost()) return;
        this.prepare(this.wholePicture(), next === 0);
        this.drawRanges([slices[next]]);
        next += 1;
        if (next < slices.length) this.pending.frame = requestAnimationFrame(step);
        else this.showWhole();
      };
      this.pending.frame = requestAnimationFrame(step);
    }

    /** Copy the completed picture to the screen. */
    showWhole() {
      const { gl, canvas } = this;
      const box = [0, 0, canvas.width, canvas.height];
      gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.whole.frame);
      gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
      gl.blitFramebuffer(...box, ...box, gl.COLOR_BUFFER_BIT, gl.NEAREST);
      this.events.drawn(this.data.points.n, true);
    }

    /** Point the GPU at a target, clear it unless told not to, and set the view. */
    prepare(target, clear = true) {
      const { gl, canvas, camera, at } = this;
      gl.bindFramebuffer(gl.FRAMEBUFFER, target);
      gl.viewport(0, 0, canvas.width, canvas.height);
      if (clear) {
        gl.clearColor(...this.style.background, 1);
        gl.clear(gl.COLOR_BUFFER_BIT);
      }
      const ratio = canvas.width / camera.width;
      gl.uniform2f(at.centre, camera.x, camera.y);
      gl.uniform2f(at.stretch, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
      const size = Vitrine.map.pointSize(camera.scale, this.data.points.n);
      gl.uniform1f(at.diameter, size * ratio);
      gl.uniform1f(at.opacity, this.data.points.n > 20000 ? 0.85 : 1);
      gl.uniform1i(at.palette, 0);
    }

    /** Draw ranges [layer, first, number] of the arranged points; returns how many points. */
    drawRanges(ranges) {
      const { gl, at, style } = this;
      let drawn = 0;
      for (const [layer, first, number] of ranges) {
        const share = layer === Vitrine.map.Layer.DIMMED ? 0.85 : 0;
        gl.uniform4f(at.dim, ...style.dim, share);
        if (number > 0) gl.drawArrays(gl.POINTS, first, number);
        drawn += number;
      }
      return drawn;
    }

    /** The off-screen picture's framebuffer, of the canvas's size. */
    wholePicture() {
      if (this.whole) return this.whole.frame;
      const { gl, canvas } = this;
      const store = gl.createRenderbuffer();
      gl.bindRenderbuffer(gl.RENDERBUFFER, store);
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, canvas.width, canvas.height);
      const frame = gl.createFramebuffer();
      gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
      gl.framebufferRenderbuffer(
        gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, store,
      );
      this.whole = { frame, store };
      return frame;
    }

    /** Free the off-screen picture. */
    dropWhole() {
      if (!this.whole) return;
      this.gl.deleteFramebuffer(this.whole.frame);
      this.gl.deleteRenderbuffer(this.whole.store);
      this.whole = null;
    }

    /** Wait until the GPU has done all it was told (for measurements). */
    finish() {
      this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
    }

    /** Free the GPU's memory and the canvas. */
    dispose() {
      this.cancel();
      this.life.abort();
      const lose = this.gl.getExtension('WEBGL_lose_context');
      if (lose) lose.loseContext();
      this.canvas.remove();
      this.data = null;
    }
  }

  Object.assign(window.Vitrine.map, { GlRenderer, buildProgram });
})();
