/** A plant on a window sill, for the pictures that a user sends and for the camera. */
export const PLANT = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480" viewBox="0 0 640 480">
  <rect width="640" height="480" fill="#dfe9ec"/>
  <rect x="60" y="0" width="520" height="350" fill="#f6fafb"/>
  <path d="M60 230 Q180 170 300 220 T580 190 V350 H60z" fill="#cfe0d2"/>
  <path d="M60 280 Q240 230 420 280 T580 270 V350 H60z" fill="#b4cfba"/>
  <path d="M314 0h12v350h-12z" fill="#fff"/>
  <rect y="350" width="640" height="130" fill="#e6d8c4"/>
  <rect y="350" width="640" height="14" fill="#f3e9da"/>
  <g stroke="#31573f" stroke-width="7" stroke-linecap="round" fill="none">
    <path d="M320 330 C318 250 322 170 318 96"/><path d="M320 300 C300 270 270 255 236 246"/>
    <path d="M320 280 C344 246 374 232 410 226"/><path d="M319 220 C300 190 280 172 252 160"/>
    <path d="M320 190 C340 166 362 152 388 144"/>
  </g>
  <g fill="#3f7a55">
    <path d="M236 246 C170 262 150 224 132 196 C186 180 226 198 236 246z"/>
    <path d="M410 226 C426 170 474 160 516 162 C510 220 470 250 410 226z"/>
    <path d="M318 96 C284 62 296 26 318 4 C346 28 354 66 318 96z" fill="#4f9168"/>
  </g>
  <g fill="#4f9168">
    <path d="M252 160 C206 166 186 130 178 100 C226 92 258 118 252 160z"/>
    <path d="M388 144 C388 96 424 72 462 66 C470 112 444 148 388 144z"/>
  </g>
  <path d="M250 330 H390 L374 440 H266z" fill="#c8694a"/><path d="M242 316 H398 V346 H242z" fill="#d77c5b"/>
  <ellipse cx="320" cy="444" rx="86" ry="9" fill="#000" opacity=".08"/>
</svg>`;

/**
 * Runs before the page: a microphone with a tone, whose loudness \`setVoice(0…1)\` sets, and a camera that sees the plant. Chromium's own
 * devices beep and count seconds, so no two pictures of them would be the same.
 */
export const DEVICES = `
  const plant = new Image();
  plant.src = 'data:image/svg+xml,' + encodeURIComponent(${JSON.stringify(PLANT)});
  const openCamera = async () => {
    await plant.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const context = canvas.getContext('2d');
    const draw = () => context.drawImage(plant, 0, 0);
    draw();
    setInterval(draw, 100);
    return canvas.captureStream(10);
  };
  const openMicrophone = () => {
    const context = new AudioContext();
    const gain = new GainNode(context, { gain: 0 });
    const output = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 440 });
    tone.connect(gain).connect(output);
    tone.start();
    globalThis.setVoice = (loudness) => { gain.gain.value = loudness; };
    return output.stream;
  };
  navigator.mediaDevices.getUserMedia = async ({ video }) => (video ? openCamera() : openMicrophone());
`;

/** A tone as speech of the agent: PCM16 at 24 kHz in base64. */
export function createTone(seconds, loudness) {
  const samples = Int16Array.from(
    { length: Math.round(24_000 * seconds) },
    (_, i) => 32_767 * loudness * Math.sin(i / 8),
  );
  return Buffer.from(samples.buffer).toString('base64');
}
