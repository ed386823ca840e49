/**
 * Runs in the page before its own script. The devices of the browser, which are fake ones, can be unplugged and plugged in again with `unplug()`,
 * which gets the names of all that are away. `refusal` is the name of an error with which every request for a device is refused. `listLive()`
 * names what is being recorded, and `audioContext` is the one that plays.
 */
export const UNPLUGGABLE_DEVICES = `(() => {
  const { mediaDevices } = navigator;
  let unplugged = [];
  const tracks = [];
  const enumerateDevices = mediaDevices.enumerateDevices.bind(mediaDevices);
  const isUnplugged = async (id) => {
    const device = (await enumerateDevices()).find(({ deviceId }) => deviceId === id);
    return device !== undefined && unplugged.includes(device.label);
  };
  mediaDevices.enumerateDevices = async () => (await enumerateDevices()).filter(({ label }) => !unplugged.includes(label));
  for (const name of ['getUserMedia', 'getDisplayMedia']) {
    const open = mediaDevices[name].bind(mediaDevices);
    mediaDevices[name] = async (constraints) => {
      if (globalThis.refusal) throw new DOMException('refused', refusal);
      if (await isUnplugged(constraints.audio?.deviceId?.exact)) throw new OverconstrainedError('deviceId');
      const stream = await open(constraints);
      tracks.push(...stream.getTracks());
      return stream;
    };
  }
  const { setSinkId } = AudioContext.prototype;
  AudioContext.prototype.setSinkId = async function (id) {
    globalThis.audioContext = this;
    // A device that is used already is not looked for, so that a browser tells nothing of its end.
    if (id !== this.sinkId && (await isUnplugged(id))) throw new DOMException('unplugged', 'NotFoundError');
    return setSinkId.call(this, id);
  };
  const listLive = () => tracks.filter(({ readyState }) => readyState === 'live');
  globalThis.listLive = () => listLive().map(({ label }) => label);
  globalThis.endTracks = (kind) => {
    for (const track of listLive().filter((track) => track.kind === kind)) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
  };
  globalThis.unplug = (...labels) => {
    unplugged = labels;
    if (listLive().some(({ label }) => labels.includes(label))) endTracks('audio');
    mediaDevices.dispatchEvent(new Event('devicechange'));
  };
})();`;
