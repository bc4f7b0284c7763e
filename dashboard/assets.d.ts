/** The page's script, styles and licences as text, bundled by build.mjs. */
declare module 'dashboard:assets' {
  export const script: string;
  export const styles: string;
  export const licences: string;
}

declare module '*.css';
