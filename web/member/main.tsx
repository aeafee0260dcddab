import "../kit/tokens.css";
import "./member.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startWords } from "../kit/words";
import { noteInvitation } from "./friends/invited";
import { App } from "./frame/app";
import { startOffline } from "./frame/offline";
import { showTheme } from "./mine/theme";

showTheme();
noteInvitation();
await startWords({ ...import.meta.glob("./words.*.json"), ...import.meta.glob("../kit/words.*.json") });
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no place for the app");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
startOffline();
