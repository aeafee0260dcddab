/** Small drawings. Each stands beside words, so none is read aloud. */
const PATHS = {
  card: "M3 6h18v12H3zM3 10h18M7 15h4",
  star: "M12 3l2.7 5.6 6.1.9-4.4 4.3 1 6.1-5.4-2.9-5.4 2.9 1-6.1L3.2 9.5l6.1-.9z",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-5 0-5-5-2.5-4S12 7 12 7zM12 7c5 0 5-5 2.5-4S12 7 12 7z",
  list: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
  person: "M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-4.5 3.5-7 8-7s8 2.5 8 7",
  mail: "M3 6h18v12H3zM3 7l9 6 9-6",
  ticket: "M3 7h18v4a2 2 0 000 4v3H3v-3a2 2 0 000-4zM14 7v11",
  home: "M4 11l8-7 8 7v9H4zM10 20v-6h4v6",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 018 0v3",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  friends: "M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM2.5 20c0-4 2.8-6 6.5-6s6.5 2 6.5 6M18 8v6M15 11h6",
  phone: "M8 3h8v18H8zM11 18h2",
  clock: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3 2",
} as const;
export type Drawn = keyof typeof PATHS;

export const Glyph = ({ of }: { of: Drawn }) => (
  <svg className="glyph" viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[of]} fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinejoin="round" strokeLinecap="round" />
  </svg>
);
