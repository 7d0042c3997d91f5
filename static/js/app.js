/* What links and forms cannot do alone. Every page works without this file. */
(function () {
  "use strict";

  const root = document.documentElement;
  const THEMES = ["dark", "light", "auto"];
  const YEAR_S = 365 * 24 * 60 * 60;
  const TOAST_MS = 8000;

  function byId(id) {
    return document.getElementById(id);
  }

  /* Theme: a cookie that the server reads, so that no page flashes */

  function setTheme(theme) {
    const secure = location.protocol === "https:" ? ";secure" : "";
    root.dataset.theme = theme;
    document.cookie = `theme=${theme};path=/;max-age=${YEAR_S};samesite=lax${secure}`;
    document.querySelectorAll("[data-theme-choice]").forEach(function (button) {
      if ("toggle" in button.dataset) {
        button.value = theme === "light" ? "dark" : "light";
      } else {
        button.setAttribute("aria-pressed", String(button.value === theme));
      }
    });
  }

  function onThemeClick(event, button) {
    if (!THEMES.includes(button.value)) {
      return;
    }
    event.preventDefault();
    setTheme(button.value);
  }

  /* Dialogs: the opener is a link to a page, and stays one if anything is missing */

  function openDialog(event, opener) {
    const dialog = byId(opener.dataset.open);
    if (!dialog || !dialog.showModal || event.ctrlKey || event.metaKey) {
      return;
    }
    event.preventDefault();
    dialog.showModal();
  }

  function closeDialog(event, button) {
    const dialog = button.closest("dialog");
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  }

  function showFilledDialog(target) {
    const dialog = target.closest("dialog[data-filled]");
    if (dialog && !dialog.open && target.childElementCount) {
      dialog.showModal();
    }
  }

  function emptyClosedDialog(event) {
    const body = event.target.matches("dialog[data-filled]") && event.target.querySelector("[data-body]");
    if (body) {
      body.replaceChildren();
    }
  }

  function closeOnBackdrop(event) {
    if (event.target.matches("dialog[open]")) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) {
        event.target.close();
      }
    }
  }

  /* Menus close when one clicks elsewhere or presses Escape */

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(except)) {
        menu.open = false;
      }
    });
  }

  /* Toasts */

  function dismiss(toast) {
    const next = toast.parentElement && toast.parentElement.contains(document.activeElement);
    toast.remove();
    if (next) {
      byId("main").focus({ preventScroll: true });
    }
  }

  function watchToasts() {
    document.querySelectorAll(".toast.passing:not([data-watched])").forEach(function (toast) {
      toast.dataset.watched = "";
      const leave = function () {
        if (toast.matches(":hover, :focus-within")) {
          setTimeout(leave, TOAST_MS);
        } else {
          toast.remove();
        }
      };
      setTimeout(leave, TOAST_MS);
    });
  }

  function showError(text) {
    const template = byId("toast-template");
    const toasts = byId("toasts");
    if (!template || !toasts) {
      return;
    }
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.querySelector("p").textContent = text;
    toasts.querySelectorAll(".toast[data-from-script]").forEach(function (old) {
      old.remove();
    });
    toasts.append(toast);
  }

  /* Tables: select all on the page, count, "select all that match" */

  function rowsOf(form) {
    return Array.from(form.elements).filter(function (box) {
      return box.matches("input[data-row]");
    });
  }

  function updateSelection(form) {
    const boxes = rowsOf(form);
    const chosen = boxes.filter(function (box) { return box.checked; }).length;
    const all = form.querySelector("input[data-select-all]");
    const matching = form.querySelector("input[data-all-matching]");
    if (matching && chosen < boxes.length) {
      matching.checked = false;
    }
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    const count = matching && matching.checked ? matching.dataset.allMatching : String(chosen);
    form.querySelectorAll("[data-selected-count]").forEach(function (place) {
      place.textContent = count;
    });
  }

  function onTableChange(event) {
    const box = event.target;
    const form = box.form;
    if (!form || !box.matches("input[data-row], input[data-select-all], input[data-all-matching]")) {
      return;
    }
    if (!box.matches("[data-row]")) {
      rowsOf(form).forEach(function (row) {
        row.checked = box.checked;
      });
    }
    updateSelection(form);
  }

  /* A search field asks while one types; leaving it must not ask once more */
  function silenceSearchField(event) {
    if (event.target.matches(".filters input[type=search]")) {
      event.stopPropagation();
    }
  }

  function refreshSelections() {
    new Set(Array.from(document.querySelectorAll("input[data-row]"), function (box) { return box.form; }))
      .forEach(function (form) { if (form) { updateSelection(form); } });
  }

  /* Copy buttons: <button data-copy="id of the element with the text"> */

  function copyText(event, button) {
    const source = byId(button.dataset.copy);
    const words = button.querySelector("[data-copy-words]") || button;
    const before = words.textContent;
    navigator.clipboard.writeText(source.value || source.textContent.trim()).then(function () {
      words.textContent = "Copied";
      setTimeout(function () { words.textContent = before; }, 2000);
    }, function () {
      getSelection().selectAllChildren(source);
    });
  }

  /* Keys: "/" and Ctrl K to search, "?" for help, g then a letter to go somewhere */

  let goUntil = 0;

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function focusSearch(event) {
    const field = byId("q");
    event.preventDefault();
    if (field && field.offsetParent) {
      field.focus();
      field.select();
    } else {
      location.assign(byId("search-page").href);
    }
  }

  function go(event) {
    const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  }

  function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      focusSearch(event);
    } else if (event.key === "Escape") {
      closeMenus(null);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      walkResults(event);
    } else if (!typing(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      onPlainKey(event);
    }
  }

  function onPlainKey(event) {
    if (event.timeStamp < goUntil) {
      goUntil = 0;
      go(event);
    } else if (event.key === "/") {
      focusSearch(event);
    } else if (event.key === "g") {
      goUntil = event.timeStamp + 1500;
    } else if (event.key === "?" && byId("shortcuts")) {
      byId("shortcuts").showModal();
    }
  }

  function walkResults(event) {
    const search = event.target.closest(".search");
    if (!search || !search.querySelector(".search-results a")) {
      return;
    }
    const stops = [byId("q"), ...search.querySelectorAll(".search-results a")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }

  /* One listener a kind of event, so that swapped-in elements need no setup */

  const CLICKS = {
    "[data-theme-choice]": onThemeClick,
    "[data-open]": openDialog,
    "[data-close]": closeDialog,
    "[data-copy]": copyText,
    "[data-dismiss]": function (event, button) { dismiss(button.closest(".toast")); },
  };

  document.addEventListener("click", function (event) {
    closeMenus(event.target);
    closeOnBackdrop(event);
    Object.keys(CLICKS).forEach(function (selector) {
      const element = event.target.closest(selector);
      if (element) {
        CLICKS[selector](event, element);
      }
    });
  });
  document.addEventListener("change", silenceSearchField, true);
  document.addEventListener("change", onTableChange);
  document.addEventListener("keydown", onKey);
  document.addEventListener("close", emptyClosedDialog, true);
  document.addEventListener("DOMContentLoaded", function () {
    refreshSelections();
    watchToasts();
  });

  /* htmx: a failed request is said, an ended session leads to the sign-in page */

  document.addEventListener("htmx:afterSwap", function (event) {
    showFilledDialog(event.detail.target);
  });
  document.addEventListener("htmx:afterSettle", function () {
    refreshSelections();
    watchToasts();
  });
  document.addEventListener("htmx:sendError", function () {
    showError("The server did not answer. Check the connection and try again.");
  });
  /* A form that the browser does not send: what it has told before is old. */
  document.addEventListener("htmx:validation:halted", function (event) {
    const told = document.querySelector(event.target.getAttribute("hx-target"));
    if (told) {
      told.classList.add("stale");
    }
  });
  document.addEventListener("htmx:timeout", function () {
    showError("The server took too long to answer. Try again.");
  });
  document.addEventListener("htmx:responseError", function (event) {
    const status = event.detail.xhr.status;
    if (status === 401) {
      location.reload();
    } else if (status === 403) {
      showError("You may not do that, or the page is out of date. Reload it and try again.");
    } else if (status === 404) {
      showError("That is no longer there. Reload the page.");
    } else {
      showError(`That did not work (error ${status}). Reload the page to see what stands.`);
    }
  });
}());
