/**
 * Sends and reads, message for message, what the page of ADK's SSE sample does: it closes the stream at the first error and opens another one later,
 * appends all text, forgets everything when a stream opens, and posts what the microphone has heard five times a second without waiting for the
 * answers.
 */
import { decodeBase64, startPlayer, startRecorder } from './audio.js';

/** Theirs waits for 5 s. */
const RECONNECT_MS = 1_000;
const FLUSH_MS = 200;
const USER = Math.random().toString().slice(10);
const find = (selector) => document.querySelector(selector);

class Page {
  #source;
  #player;
  #isAudio = false;
  #recorded = [];
  #paragraph;

  start() {
    find('form').onsubmit = (event) => this.#submit(event);
    find('#start-audio').onclick = () => this.#startAudio();
    this.#connect();
  }

  #connect() {
    this.#source = new EventSource(`http://${location.host}/events/${USER}?is_audio=${this.#isAudio}`);
    this.#source.onopen = () => {
      find('output').textContent = 'Connection opened';
      find('#messages').replaceChildren();
      find('form button').disabled = false;
    };
    this.#source.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#source.onerror = () => {
      find('output').textContent = 'Connection closed';
      find('form button').disabled = true;
      this.#source.close();
      setTimeout(() => this.#connect(), RECONNECT_MS);
    };
  }

  #submit(event) {
    event.preventDefault();
    const text = find('form').elements.message.value;
    find('form').reset();
    this.#add(`> ${text}`);
    void this.#send('text/plain', text);
  }

  async #startAudio() {
    find('#start-audio').disabled = true;
    this.#isAudio = true;
    this.#source.close();
    this.#connect();
    this.#player = await startPlayer();
    await startRecorder((pcm) => this.#recorded.push(...new Uint8Array(pcm)));
    setInterval(() => this.#flush(), FLUSH_MS);
  }

  #flush() {
    if (this.#recorded.length === 0) return;
    const pcm = this.#recorded;
    this.#recorded = [];
    void this.#send('audio/pcm', btoa(String.fromCharCode(...pcm)));
  }

  async #send(mimeType, data) {
    try {
      const response = await fetch(`http://${location.host}/send/${USER}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ mime_type: mimeType, data }),
      });
      if (!response.ok) console.error('Failed to send message:', response.statusText);
    } catch (error) {
      console.error('Error sending message:', error);
    }
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
