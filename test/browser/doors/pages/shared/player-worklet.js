/** Plays PCM16 in the order in which it is posted. The command `endOfAudio` discards the rest. */
class Player extends AudioWorkletProcessor {
  #chunks = [];
  #played = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.command === 'endOfAudio') this.#chunks = [];
      else this.#chunks.push(new Int16Array(data));
    };
  }

  process(_inputs, [[output]]) {
    for (let i = 0; i < output.length && this.#chunks.length > 0; i++) {
      output[i] = this.#chunks[0][this.#played++] / 32768;
      if (this.#played < this.#chunks[0].length) continue;
      this.#chunks.shift();
      this.#played = 0;
    }
    return true;
  }
}

registerProcessor('player', Player);
