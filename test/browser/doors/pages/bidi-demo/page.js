/**
 * Sends and reads, message for message, what the page of ADK's bidi-demo does, and shows it by the same rules: a finished transcript replaces its
 * increments, words of the user that arrive after the reply began are not shown, thoughts are skipped, and so is complete text after a transcript.
 */
import { decodeBase64, startPlayer, startRecorder } from './audio.js';

/** Theirs waits for 5 s. */
const RECONNECT_MS = 1_000;
const JPEG_QUALITY = 0.85;
const SESSION = `demo-session-${Math.random().toString(36).slice(2)}`;
const find = (selector) => document.querySelector(selector);

class Page {
  #socket;
  #player;
  #isAudio = false;
  /** The bubbles that are being written, by kind. */
  #open = {};
  #userIsFinished = false;
  #hasTranscript = false;

  start() {
    for (const id of ['#proactivity', '#affective-dialog']) find(id).onchange = () => this.#socket.close();
    find('form').onsubmit = (event) => this.#submit(event);
    find('#start-audio').onclick = () => this.#startAudio();
    find('#camera').onclick = () => this.#sendPicture();
    this.#connect();
  }

  #connect() {
    const query = new URLSearchParams();
    if (find('#proactivity').checked) query.append('proactivity', 'true');
    if (find('#affective-dialog').checked) query.append('affective_dialog', 'true');
    const address = `ws://${location.host}/ws/demo-user/${SESSION}`;
    this.#socket = new WebSocket(query.size > 0 ? `${address}?${query}` : address);
    this.#socket.onopen = () => this.#showConnected(true);
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = () => {
      this.#showConnected(false);
      setTimeout(() => this.#connect(), RECONNECT_MS);
    };
  }

  #showConnected(connected) {
    find('output').textContent = connected ? 'Connected' : 'Disconnected';
    find('form button').disabled = !connected;
  }

  #submit(event) {
    event.preventDefault();
    const text = find('form').elements.message.value.trim();
    find('form').reset();
    this.#add('user', 'typed', text);
    this.#socket.send(JSON.stringify({ type: 'text', text }));
  }

  async #startAudio() {
    find('#start-audio').disabled = true;
    this.#isAudio = true;
    this.#player = await startPlayer();
    await startRecorder((pcm) => {
      if (this.#isAudio && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(pcm);
    });
  }

  async #sendPicture() {
    const video = find('#preview');
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 768 } } });
    await video.play();
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d').drawImage(video, 0, 0);
    for (const track of video.srcObject.getTracks()) track.stop();
    const data = canvas.toDataURL('image/jpeg', JPEG_QUALITY).split(',')[1];
    this.#socket.send(JSON.stringify({ type: 'image', data, mimeType: 'image/jpeg' }));
    this.#add('user', 'picture', '');
  }

  #receive(event) {
    const entry = document.createElement('li');
    entry.textContent = JSON.stringify(event, (key, value) => (key === 'data' ? '…' : value));
    find('#console').append(entry);
    if (event.turnComplete === true) {
      this.#endTurn('done');
      return;
    }
    if (event.interrupted === true) {
      this.#player?.postMessage({ command: 'endOfAudio' });
      this.#endTurn('interrupted');
      return;
    }
    if (event.inputTranscription?.text) {
      if (this.#userIsFinished) return;
      this.#write('user', 'heard', event.inputTranscription);
      this.#userIsFinished = Boolean(event.inputTranscription.finished);
    }
    if (event.outputTranscription?.text) {
      this.#hasTranscript = true;
      this.#endUser();
      this.#write('agent', 'spoken', event.outputTranscription);
    }
    if (event.content?.parts) {
      this.#endUser();
      for (const part of event.content.parts) this.#showPart(part, event.partial);
    }
  }

  #showPart({ inlineData, text, thought }, partial) {
    if (inlineData?.mimeType?.startsWith('audio/pcm')) this.#player?.postMessage(decodeBase64(inlineData.data));
    if (!text || thought || (!partial && this.#hasTranscript)) return;
    this.#write('agent', 'written', { text, finished: false });
  }

  /** Ends the words of the user when the reply begins. */
  #endUser() {
    if (!this.#open.heard) return;
    this.#open.heard.dataset.state = 'done';
    delete this.#open.heard;
    this.#userIsFinished = true;
  }

  #write(author, kind, { text, finished }) {
    this.#open[kind] ??= this.#add(author, kind, '', 'open');
    const bubble = this.#open[kind];
    bubble.textContent = finished ? text : bubble.textContent + text;
    if (!finished) return;
    bubble.dataset.state = 'done';
    delete this.#open[kind];
  }

  #endTurn(state) {
    for (const kind of ['spoken', 'written']) if (this.#open[kind]) this.#open[kind].dataset.state = state;
    this.#open = {};
    this.#userIsFinished = false;
    this.#hasTranscript = false;
    const mark = document.createElement('i');
    mark.dataset.turn = state;
    find('#bubbles').append(mark);
  }

  #add(author, kind, text, state = 'done') {
    const bubble = document.createElement('p');
    Object.assign(bubble.dataset, { author, kind, state });
    bubble.textContent = text;
    find('#bubbles').append(bubble);
    return bubble;
  }
}

new Page().start();
