import { Icon } from '../components/icons.tsx';

export const MoreIcon = () => (
  <Icon>
    <path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="2.6" />
  </Icon>
);

export const PencilIcon = () => (
  <Icon>
    <path d="M5 19h3.5L18.6 8.9a2 2 0 0 0 0-2.8l-.7-.7a2 2 0 0 0-2.8 0L5 15.5zM13.5 7l3.5 3.5" />
  </Icon>
);

export const TextIcon = () => (
  <Icon>
    <path d="M7 3.5h7l4 4v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2zM8.5 11.5h6M8.5 15.5h4" />
  </Icon>
);

export const BracesIcon = () => (
  <Icon>
    <path d="M9 4.5H8a2 2 0 0 0-2 2v3.2L4.5 12 6 14.3v3.2a2 2 0 0 0 2 2h1M15 4.5h1a2 2 0 0 1 2 2v3.2l1.5 2.3-1.5 2.3v3.2a2 2 0 0 1-2 2h-1" />
  </Icon>
);

export const SoundIcon = () => (
  <Icon>
    <path d="M4.5 10v4M8.25 7v10M12 4.5v15M15.75 8v8M19.5 10.5v3" />
  </Icon>
);
