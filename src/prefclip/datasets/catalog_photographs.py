"""Real photographs with a misleading word, and their counterparts without one."""

from prefclip.datasets.catalog_resources import catalog_entry
from prefclip.datasets.downloaded_entries import DownloadedEntry, Mirror

MIRRORCLIP = "https://github.com/Blank10492/MirrorCLIP/archive/49ee1e50eca2736afc7f92a030a83fb457931f82.zip"
MIRRORCLIP_COMMIT = "49ee1e50eca2736afc7f92a030a83fb457931f82"

DISENTANGLING = catalog_entry(
    "disentangling",
    title="Disentangling",
    role="real",
    class_count=20,
    name_count=None,
    word_count=8,
    splits={"test": 180},
    counts_verified=True,
    source="https://drive.google.com/drive/folders/17v74pmQs2zHrs9sJ_8D0bfrz5ykB5ZW2",
    licence="MIT",
    citation="Materzynska et al., CVPR 2022",
    folder="disentangling",
    layouts=(("annotations.json", "images"),),
    place_by_hand=(
        "1. Download https://drive.google.com/drive/folders/17v74pmQs2zHrs9sJ_8D0bfrz5ykB5ZW2 (180 photographs).\n"
        "2. Place the photographs in {folder}/images and the annotations at {folder}/annotations.json\n"
        '   ({{"IMG_2934.JPG": {{"true object": "cup", "typographic attack label": "good"}}, …}}).\n'
        "3. If you have Defense-Prefix's classes.json (it is not public), place it at {folder}/classes.json:\n"
        "   its names, in its order, then are the candidates. Without it they are all objects and written words."
    ),
    notes=(
        "Published accuracies have two denominators, 171 and 180, and two lists of candidates: 43 or 76 % for CLIP.",
        "The prompt has no article.",
    ),
)

PAINT = catalog_entry(
    "paint",
    title="PAINT",
    role="real",
    family="named_photographs",
    class_count=89,
    name_count=159,
    word_count=87,
    splits={"test": 110},
    counts_verified=True,
    source="https://github.com/mlfoundations/patching (typographic_attack_data.zip)",
    route="photo-zip",
    mirrors=(
        Mirror(
            "https://github.com/mlfoundations/patching/raw/"
            "05d9f558bbbd4252ad48539a7a0e5def732c4689/typographic_attack_data.zip",
            "05d9f558bbbd4252ad48539a7a0e5def732c4689",
            note="the original",
        ),
        Mirror(MIRRORCLIP, MIRRORCLIP_COMMIT, inside="/typographic_real_data_from_PAINT/"),
    ),
    content_sha256="c53c2abd1ab2c13d99f654ef08fd8512387fa447dd9f2365c52657c06436384d",
    licence="MIT-style (of the repository mlfoundations/patching)",
    licence_verified=True,
    citation="Ilharco et al., NeurIPS 2022",
    folder="paint",
    layouts=(("label=adapter_text=lamp.png",),),
    notes=(
        "7 files end in .jpeg: cutting four characters leaves a dot and gives 162 names instead of 159.",
        "51 files are RGBA PNG with the colour profile Display P3.",
        "One object is misspelt (keybord); it stays a name of its own.",
    ),
)

RTA100 = catalog_entry(
    "rta100",
    title="RTA-100",
    role="real",
    family="named_photographs",
    class_count=100,
    name_count=100,
    word_count=100,
    splits={"test": 1_000},
    counts_verified=True,
    source="https://github.com/azuma164/Defense-Prefix (rta100.zip)",
    route="photo-zip",
    mirrors=(
        Mirror(
            "https://github.com/azuma164/Defense-Prefix/raw/0405ceb2574c3aa52c2eb3858b87cc666f2cf387/rta100.zip",
            "0405ceb2574c3aa52c2eb3858b87cc666f2cf387",
            note="the original",
        ),
        Mirror(MIRRORCLIP, MIRRORCLIP_COMMIT, inside="/rta100/"),
    ),
    content_sha256="b75732404653fe350b49d74e55373fa6becbfdb4ead96bbeec66e00068c55f68",
    licence="MIT (of the repository azuma164/Defense-Prefix)",
    licence_verified=True,
    citation="Azuma & Matsui, ICCV workshops 2023",
    folder="rta100",
    layouts=(("label=DVD_text=adapter.jpg",),),
)


def _scam(name: str, title: str, note: str, word_removed: bool = False) -> DownloadedEntry:
    return catalog_entry(
        name,
        title=title,
        role="real",
        family="scam",
        class_count=660,
        name_count=None,
        word_count=206,
        word_removed=word_removed,
        splits={"test": 1_162},
        counts_verified=True,
        source="https://huggingface.co/datasets/BLISS-e-V/SCAM",
        route="hub-zip",
        mirrors=(
            Mirror("hub:BLISS-e-V/SCAM", "8c674f50dfa83e1d2a0a1c95653c39c347069d72", note="images.zip, 92 MB"),
            Mirror(
                "https://github.com/Bliss-e-V/SCAM-project-page",
                "cd04b5ce6e52d61c70f278fc9884af3d1b29a0af",
                accepted=False,
                note="reduced: WebP of 384 pixels, aspect ratio squashed",
            ),
        ),
        licence="CC-BY-NC-4.0",
        licence_verified=True,
        citation="Westerhoff et al., DMLR 2025 (arXiv 2504.04893)",
        folder="scam",
        layouts=(("images/train/metadata.jsonl",),),
        notes=(
            note,
            "The set's protocol is a duel of object and attack word, with 32 templates averaged before one "
            "normalisation; such accuracies cannot be compared with RTA-100's.",
        ),
    )


SCAM = _scam("scam", "SCAM", "Photographs with handwritten notes.")
NOSCAM = _scam("noscam", "NoSCAM", "The same photographs, the note blanked digitally: clean images.", True)
SYNTHSCAM = _scam("synthscam", "SynthSCAM", "The same photographs, the word rendered by a program.")

PHOTOGRAPH_SETS = (DISENTANGLING, PAINT, RTA100, SCAM, NOSCAM, SYNTHSCAM)
