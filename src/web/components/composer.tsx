import type { TargetedClipboardEvent, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type AttachedImage, findImage, readImage } from '../attached-image.ts';
import type { Conversation } from '../conversation.ts';
import { CanvasImage } from './canvas-image.tsx';
import { CloseIcon, HandIcon, ImageIcon, MicrophoneIcon, MutedIcon, SendIcon, StopIcon } from './icons.tsx';

/** Some input methods end a composition with an Enter that no longer says so; this is its key code. */
const IME_KEY_CODE = 229;

export function Composer({ conversation }: { conversation: Conversation }) {
  const [text, setText] = useState('');
  const [image, setImage] = useState<AttachedImage>();
  const [dropping, setDropping] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const canSend = text.trim() !== '' || image !== undefined;

  const attach = async (file: File | undefined) => {
    if (!file) return;
    conversation.dismiss('image');
    try {
      setImage(await readImage(file));
      field.current?.focus();
    } catch {
      conversation.reportBadImage();
    }
  };

  const send = () => {
    if (!canSend) return;
    conversation.say(text.trim(), image);
    setText('');
    setImage(undefined);
    field.current?.focus();
  };

  useEffect(() => {
    // Not where it would bring up the keyboard of a phone.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setDropping(event.type === 'dragover');
      if (event.type === 'drop') void attach(findImage(event.dataTransfer));
    };
    const onLeave = (event: DragEvent) => {
      if (!event.relatedTarget) setDropping(false);
    };
    addEventListener('dragover', onDrag);
    addEventListener('drop', onDrag);
    addEventListener('dragleave', onLeave);
    return () => {
      removeEventListener('dragover', onDrag);
      removeEventListener('drop', onDrag);
      removeEventListener('dragleave', onLeave);
    };
  }, []);

  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === IME_KEY_CODE) return;
    event.preventDefault();
    send();
  };

  const onPaste = (event: TargetedClipboardEvent<HTMLTextAreaElement>) => {
    const file = findImage(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    void attach(file);
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {image && (
        <div class="attachment">
          <CanvasImage bitmap={image.bitmap} label={`Attached picture ${image.name}`} />
          <button type="button" class="round small" aria-label="Remove the picture" onClick={() => setImage(undefined)}>
            <CloseIcon />
          </button>
        </div>
      )}
      <textarea
        ref={field}
        rows={1}
        value={text}
        aria-label="Message"
        placeholder={image ? 'Ask about the picture' : 'Write a message'}
        enterkeyhint="send"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div class="controls">
        <button
          type="button"
          class="round"
          aria-label="Attach a picture"
          title="Attach a picture"
          onClick={() => picker.current?.click()}
        >
          <ImageIcon />
        </button>
        <input
          ref={picker}
          type="file"
          accept="image/*"
          hidden
          aria-label="Picture"
          onChange={(event) => {
            void attach(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
        <span class="spacer" />
        <button
          type="button"
          class="pill interrupt"
          disabled={!conversation.canInterrupt.value}
          aria-label="Interrupt"
          aria-keyshortcuts="Escape"
          title="Interrupt (Esc)"
          onClick={() => conversation.interrupt()}
        >
          <HandIcon />
          <span class="pill-label">Interrupt</span>
        </button>
        <AudioControls conversation={conversation} />
        <button type="submit" class="round send" aria-label="Send" title="Send (Enter)" disabled={!canSend}>
          <SendIcon />
        </button>
      </div>
      {dropping && <p class="drop-hint">Drop the picture to attach it</p>}
    </form>
  );
}

function AudioControls({ conversation }: { conversation: Conversation }) {
  const { voice, muted } = conversation;
  if (voice.value === 'off') {
    return (
      <button type="button" class="pill audio" onClick={() => void conversation.startAudio()}>
        <MicrophoneIcon />
        Start audio
      </button>
    );
  }
  return (
    <>
      <button
        type="button"
        class="round"
        aria-label="Mute the microphone"
        aria-pressed={muted.value}
        title={muted.value ? 'Unmute the microphone' : 'Mute the microphone'}
        disabled={voice.value === 'starting'}
        onClick={() => conversation.setMuted(!muted.value)}
      >
        {muted.value ? <MutedIcon /> : <MicrophoneIcon />}
      </button>
      <button type="button" class="pill audio audio-on" onClick={() => conversation.stopAudio()}>
        <StopIcon />
        Stop audio
      </button>
    </>
  );
}
