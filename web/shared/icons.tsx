/** Drawn with a stroke, 24 × 24. */
const paths = {
  back: 'M15 5l-7 7 7 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M21 12a9 9 0 1 1-18 0a9 9 0 0 1 18 0M12 7.5v5.5M12 16.5v.01',
  clock: 'M21 12a9 9 0 1 1-18 0a9 9 0 0 1 18 0M12 7v5l3.5 2',
  offline: 'M4 4l16 16M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4-2.4M19 12a10 10 0 0 0-5-2.7M12 19v.01',
  eye: 'M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM14.5 12a2.5 2.5 0 1 1-5 0a2.5 2.5 0 0 1 5 0',
  spin: 'M12 3a9 9 0 1 1-9 9',
} as const;

export type IconName = keyof typeof paths;

/** An icon that says nothing a word beside it does not say. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={name === 'spin' ? 'icon spin' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
