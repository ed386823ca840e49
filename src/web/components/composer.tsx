import type { RefObject, TargetedClipboardEvent, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type AttachedImage, findImage, readImage } from '../attached-image.ts';
import type { Conversation } from '../conversation.ts';
import type { Draft } from '../draft.ts';
import { hasMouse } from '../has-mouse.ts';
import { messages } from '../messages/current.ts';
import { BAD_IMAGE } from '../notice.ts';
import { CanvasImage } from './canvas-image.tsx';
import { IconButton } from './icon-button.tsx';
import { CloseIcon, ImageIcon, MicrophoneIcon, SendIcon } from './icons.tsx';
import { StopButton } from './stop-button.tsx';

/** Key code of an Enter that ends a composition. Some input methods do not set `isComposing` for it. */
const IME_KEY_CODE = 229;

interface ComposerProps {
  conversation: Conversation;
  /** Name of the open conversation. The composer of another one is another component. */
  name: string;
  /** Messages of before a reload, and of before another conversation. */
  draft: Draft;
  isHidden: boolean;
}

export function Composer({ conversation, name, draft, isHidden }: ComposerProps) {
  const { composer } = messages.value;
  const [text, setText] = useState(() => draft.load(name));
  const [image, setImage] = useState(() => draft.getImage(name));
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => draft.save(name, text), [draft, name, text]);
  useEffect(() => draft.saveImage(name, image), [draft, name, image]);
  const isInCall = conversation.voice.value !== 'off';
  const canSend = text.trim() !== '' || image !== undefined;

  const attach = async (file: File | undefined) => {
    if (!file) return;
    conversation.dismiss('image');
    try {
      setImage(await readImage(file));
      field.current?.focus();
    } catch {
      conversation.notify(BAD_IMAGE);
    }
  };

  const send = () => {
    if (!canSend) return;
    conversation.sendMessage(text.trim(), image);
    setText('');
    setImage(undefined);
    field.current?.focus();
  };

  useEffect(() => {
    // Another conversation has another field, and the user may be in its list.
    if (!isHidden && hasMouse() && document.activeElement === document.body) field.current?.focus();
  }, [isHidden]);
  const dropping = useFileDrop((file) => void attach(file));
  useTextHeight(field, text);

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
      class={isInCall ? 'composer in-call' : 'composer'}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {image && <Attachment image={image} onRemove={() => setImage(undefined)} />}
      <textarea
        ref={field}
        rows={1}
        value={text}
        aria-label={composer.message}
        placeholder={image ? composer.picturePlaceholder : composer.placeholder}
        enterkeyhint="send"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div class="controls">
        <PictureButton onPick={(file) => void attach(file)} />
        <span class="spacer" />
        {/* A call has controls of its own. */}
        {!isInCall && conversation.canInterrupt.value && <StopButton onClick={() => conversation.interrupt()} />}
        {!isInCall && <VoiceButton onClick={() => void conversation.talk.start()} />}
        <button
          type="submit"
          class="round send"
          aria-label={composer.send}
          title={composer.sendTitle}
          disabled={!canSend}
        >
          <SendIcon />
        </button>
      </div>
      {dropping && <p class="drop-hint">{composer.dropHint}</p>}
    </form>
  );
}

/** Calls `onFile` with a picture that is dropped on the page. @returns whether a file is being dragged over the page */
function useFileDrop(onFile: (file: File | undefined) => void): boolean {
  const [dragging, setDragging] = useState(false);
  const onFileNow = useRef(onFile);
  onFileNow.current = onFile;
  useEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setDragging(event.type === 'dragover');
      if (event.type === 'drop') onFileNow.current(findImage(event.dataTransfer));
    };
    const onLeave = (event: DragEvent) => {
      if (!event.relatedTarget) setDragging(false);
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
  return dragging;
}

/** Fits the height of a text area to its text. */
function useTextHeight(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);
}

function Attachment({ image, onRemove }: { image: AttachedImage; onRemove: () => void }) {
  const { composer } = messages.value;
  return (
    <div class="attachment">
      <CanvasImage bitmap={image.bitmap} label={composer.attachedPicture(image.name)} />
      <IconButton isSmall label={composer.removePicture} onClick={onRemove}>
        <CloseIcon />
      </IconButton>
    </div>
  );
}

function PictureButton({ onPick }: { onPick: (file: File | undefined) => void }) {
  const { composer } = messages.value;
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={composer.attach} onClick={() => picker.current?.click()}>
        <ImageIcon />
      </IconButton>
      <input
        ref={picker}
        type="file"
        accept="image/*"
        hidden
        aria-label={composer.picture}
        onChange={(event) => {
          onPick(event.currentTarget.files?.[0]);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}

function VoiceButton({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" class="pill audio" onClick={onClick}>
      <MicrophoneIcon />
      {messages.value.composer.startAudio}
    </button>
  );
}
