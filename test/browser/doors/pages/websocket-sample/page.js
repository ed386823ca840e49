/**
 * Sends and reads, message for message, what the page of ADK's WebSocket sample does: it appends all text, forgets everything when a connection
 * opens, and opens the second connection, for audio, without closing the first.
 */
import { decodeBase64, startPlayer, startRecorder } from './audio.js';

/** Theirs waits for 5 s. */
const RECONNECT_MS = 1_000;
const USER = Math.random().toString().slice(10);
const find = (selector) => document.querySelector(selector);

class Page {
  #socket;
  #player;
  #isAudio = false;
  #paragraph;

  start() {
    find('form').onsubmit = (event) => this.#submit(event);
    find('#start-audio').onclick = () => this.#startAudio();
    this.#connect();
  }

  #connect() {
    this.#socket = new WebSocket(`ws://${location.host}/ws/${USER}?is_audio=${this.#isAudio}`);
    this.#socket.onopen = () => {
      find('output').textContent = 'Connection opened';
      find('#messages').replaceChildren();
      find('form button').disabled = false;
    };
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = () => {
      find('output').textContent = 'Connection closed';
      find('form button').disabled = true;
      setTimeout(() => this.#connect(), RECONNECT_MS);
    };
  }

  #submit(event) {
    event.preventDefault();
    const text = find('form').elements.message.value;
    find('form').reset();
    this.#add(`> ${text}`);
    this.#send('text/plain', text);
  }

  async #startAudio() {
    find('#start-audio').disabled = true;
    this.#isAudio = true;
    this.#connect();
    this.#player = await startPlayer();
    await startRecorder((pcm) => this.#send('audio/pcm', btoa(String.fromCharCode(...new Uint8Array(pcm)))));
  }

  #send(mimeType, data) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ mime_type: mimeType, data }));
  }

  #receive({ turn_complete: isComplete, interrupted, mime_type: mimeType, data }) {
    if (isComplete === true) {
      if (this.#paragraph) this.#paragraph.dataset.state = 'done';
      this.#paragraph = undefined;
    } else if (interrupted === true) this.#player?.postMessage({ command: 'endOfAudio' });
    else if (mimeType === 'audio/pcm') this.#player?.postMessage(decodeBase64(data));
    else if (mimeType === 'text/plain') {
      this.#paragraph ??= this.#add('');
      this.#paragraph.textContent += data;
    }
  }

  #add(text) {
    const paragraph = document.createElement('p');
    paragraph.textContent = text;
    find('#messages').append(paragraph);
    return paragraph;
  }
}

new Page().start();
