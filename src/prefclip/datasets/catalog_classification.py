"""The classification sets that the tuned models never see in training.

Names, order and prompts are those of the Defense-Prefix release. Image counts and licences are common knowledge that
was not read at the source, and say so (``counts_verified``, ``licence_verified``), unless noted.
"""

from prefclip.datasets.catalog_resources import EUROSAT_SPLIT, EUROSAT_SPLIT_MD5, catalog_entry
from prefclip.datasets.downloaded_entries import Archive, Mirror

OXFORD = "https://www.robots.ox.ac.uk/~vgg/data"
RELEASED_CAP = 5_120
UNPINNED = "no revision is known to be right"
NO_FILE_NAMES = "without the file names that the split list needs"

CALTECH101 = catalog_entry(
    "caltech101",
    title="Caltech101",
    class_count=101,
    splits={"test": 8_677},
    source="https://data.caltech.edu/records/mzrjq-6wc02",
    route="torchvision",
    torchvision_class="Caltech101",
    archives=(
        Archive(
            "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
            "caltech101/caltech-101.zip",
            "3138e1922a9193bfa496528edbbc45d0",
        ),
    ),
    mirrors=(
        Mirror("hub:clip-benchmark/wds_vtab-caltech101", accepted=False, note="VTAB split, not all 8,677 images"),
    ),
    licence="CC-BY-4.0",
    citation="Fei-Fei et al., CVPR workshops 2004",
    folder="caltech101",
    layouts=(("101_ObjectCategories",),),
    notes=(
        "No split: every image is scored. The candidate name background never occurs as a label.",
        "Labels count background as 0; torchvision's labels are off by one against these names.",
    ),
)

OXFORD_PETS = catalog_entry(
    "oxford_pets",
    title="OxfordPets",
    splits={"train": 3_680, "test": 3_669},
    source=f"{OXFORD}/pets",
    route="torchvision",
    torchvision_class="OxfordIIITPet",
    archives=(
        Archive(
            f"{OXFORD}/pets/data/images.tar.gz", "oxford-iiit-pet/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c"
        ),
        Archive(
            f"{OXFORD}/pets/data/annotations.tar.gz",
            "oxford-iiit-pet/annotations.tar.gz",
            "95a8c909bbe2e81eed6a22bccdf3f68f",
        ),
    ),
    mirrors=(Mirror("hub:clip-benchmark/wds_vtab-pets", accepted=False, note=UNPINNED),),
    licence="CC-BY-SA-4.0",
    citation="Parkhi et al., CVPR 2012",
    folder="oxford-iiit-pet",
    layouts=(("images", "annotations"),),
    notes=("Oxford's server answers now and then with errors: run fetch again, it goes on where it stopped.",),
)

STANFORD_CARS = catalog_entry(
    "stanford_cars",
    title="StanfordCars",
    splits={"train": 8_144, "test": 8_041},
    released_split="train",
    source="https://ai.stanford.edu/~jkrause/cars (gone since 2023)",
    route="hub-parquet",
    mirrors=(
        Mirror(
            "hub:tanganke/stanford_cars",
            "9abf6cf7d6dfa7b95152a0d6e791ea9435b47a40",
            note="splits train and test; its further splits are corrupted copies and are not fetched",
        ),
        Mirror("hub:clip-benchmark/wds_cars", accepted=False, note=UNPINNED),
        Mirror(
            "https://www.kaggle.com/datasets/jessicali9530/stanford-cars-dataset",
            accepted=False,
            note="by hand (login): place it in torchvision's layout, with cars_test_annos_withlabels.mat",
        ),
    ),
    licence="non-commercial research",
    citation="Krause et al., ICCV workshops 2013",
    folder="stanford_cars",
    layouts=(
        ("devkit", "cars_train", "cars_test", "cars_test_annos_withlabels.mat"),
        ("mirror.csv",),
    ),
)

FLOWERS102 = catalog_entry(
    "flowers102",
    title="Flowers102",
    splits={"train": 1_020, "validation": 1_020, "test": 6_149},
    released_split="train",
    source=f"{OXFORD}/flowers/102",
    route="torchvision",
    torchvision_class="Flowers102",
    archives=(
        Archive(
            f"{OXFORD}/flowers/102/102flowers.tgz", "flowers-102/102flowers.tgz", "52808999861908f626f3c1f4e79d11fa"
        ),
        Archive(
            f"{OXFORD}/flowers/102/imagelabels.mat", "flowers-102/imagelabels.mat", "e0620be6f572b9609742df49c70aed4d"
        ),
        Archive(f"{OXFORD}/flowers/102/setid.mat", "flowers-102/setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c"),
    ),
    mirrors=(
        Mirror("hub:nelorth/oxford-flowers", accepted=False, note=UNPINNED),
        Mirror("hub:clip-benchmark/wds_vtab-flowers", accepted=False, note=UNPINNED),
    ),
    licence="none stated",
    citation="Nilsback & Zisserman, ICVGIP 2008",
    folder="flowers-102",
    layouts=(("jpg", "imagelabels.mat", "setid.mat"),),
    notes=("The lists count from 1; old releases of torchvision gave labels from 1 too.",),
)

FGVC_AIRCRAFT = catalog_entry(
    "fgvc_aircraft",
    title="FGVCAircraft",
    splits={"train": 3_334, "validation": 3_333, "test": 3_333},
    released_split="train",
    source=f"{OXFORD}/fgvc-aircraft",
    route="torchvision",
    torchvision_class="FGVCAircraft",
    archives=(Archive(f"{OXFORD}/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz", "fgvc-aircraft-2013b.tar.gz"),),
    mirrors=(
        Mirror("hub:clip-benchmark/wds_fgvc_aircraft", accepted=False, note=UNPINNED),
        Mirror("hub:HuggingFaceM4/FGVC-Aircraft", accepted=False, note=UNPINNED),
    ),
    licence="non-commercial research",
    citation="Maji et al., arXiv 1306.5151",
    folder="fgvc-aircraft-2013b",
    layouts=(("data",),),
    notes=("No checksum is published: the counts are the only check.",),
)

DTD = catalog_entry(
    "dtd",
    title="DTD",
    splits={"train": 1_880, "validation": 1_880, "test": 1_880},
    released_split="train",
    source=f"{OXFORD}/dtd",
    route="torchvision",
    torchvision_class="DTD",
    archives=(
        Archive(
            f"{OXFORD}/dtd/download/dtd-r1.0.1.tar.gz", "dtd/dtd-r1.0.1.tar.gz", "fff73e5086ae6bdbea199a49dfb8a4c1"
        ),
    ),
    mirrors=(
        Mirror("hub:tanganke/dtd", accepted=False, note="another split than partition 1"),
        Mirror("hub:clip-benchmark/wds_vtab-dtd", accepted=False, note=UNPINNED),
    ),
    licence="research",
    citation="Cimpoi et al., CVPR 2014",
    folder="dtd",
    layouts=(("dtd",),),
    notes=("Partition 1 of 10.",),
)

SUN397 = catalog_entry(
    "sun397",
    title="SUN397",
    splits={"train": 15_880, "validation": 3_970, "test": 19_850},
    released_split="train",
    released_cap=RELEASED_CAP,
    source="https://vision.princeton.edu/projects/2010/SUN (gone since 2025)",
    mirrors=(
        Mirror("hub:tanganke/sun397", accepted=False, note=NO_FILE_NAMES),
        Mirror("hub:clip-benchmark/wds_sun397", accepted=False, note=NO_FILE_NAMES),
        Mirror("https://www.kaggle.com/datasets/lash45/sun397-50-50", accepted=False, note="by hand; not looked at"),
    ),
    archives=(Archive("", "SUN397.tar.gz", "8ca2778205c41d23104230ba66911c7a"),),
    licence="none stated",
    citation="Xiao et al., CVPR 2010; split: Zhou et al., IJCV 2022",
    folder="SUN397",
    layouts=(("ClassName.txt", "split_zhou_SUN397.json"),),
    place_by_hand=(
        "1. Find a copy of SUN397.tar.gz (37 GB, md5 8ca2778205c41d23104230ba66911c7a). The official servers answer\n"
        "   404 since 2025; OpenDataLab and Kaggle (lash45/sun397-50-50) are said to keep copies. Unpack it to\n"
        "   {folder}, so that {folder}/ClassName.txt and {folder}/a/abbey/sun_….jpg exist.\n"
        "2. Download split_zhou_SUN397.json, linked in DATASETS.md of https://github.com/KaiyangZhou/CoOp\n"
        "   (https://drive.google.com/file/d/1y2RD81BYuiyvebdN-JymPfyWYcd8_MUq/view), to {folder}."
    ),
    notes=("Only the 39,700 images of the split list are read, of 108,754.",),
)

EUROSAT = catalog_entry(
    "eurosat",
    title="EuroSAT",
    splits={"train": 13_500, "validation": 5_400, "test": 8_100},
    counts_verified=True,
    released_split="train",
    released_cap=RELEASED_CAP,
    source="https://github.com/phelber/eurosat",
    route="torchvision",
    torchvision_class="EuroSAT",
    archives=(
        Archive(
            "https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
            "c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
            "eurosat/EuroSAT.zip",
            "c8fa014336c82ac7804f0398fcb19387",
        ),
    ),
    mirrors=(
        Mirror(
            "hub:torchgeo/eurosat",
            "c877bcd43f099cd0196738f714544e355477f3fd",
            note="rehosted with the author's permission; torchvision fetches it from here",
        ),
        Mirror("hub:clip-benchmark/wds_vtab-eurosat", accepted=False, note="VTAB split"),
        Mirror("hub:tanganke/eurosat", accepted=False, note=NO_FILE_NAMES),
    ),
    licence="MIT",
    citation="Helber et al., JSTARS 2019; split: Zhou et al., IJCV 2022",
    folder="eurosat",
    layouts=(("2750",),),
    split_file=str(EUROSAT_SPLIT),
    split_md5=EUROSAT_SPLIT_MD5,
    notes=("Very sensitive to the prompt: 43 to 51 % with OpenAI's ViT-B/32.",),
)

FOOD101 = catalog_entry(
    "food101",
    title="Food101",
    splits={"train": 75_750, "test": 25_250},
    released_split="train",
    released_cap=RELEASED_CAP,
    released_train_fraction=0.7,
    source="https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101",
    route="torchvision",
    torchvision_class="Food101",
    archives=(
        Archive(
            "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz", "food-101.tar.gz", "85eeb15f3717b99a5da872d97d918f87"
        ),
    ),
    mirrors=(
        Mirror("hub:food101", accepted=False, note=UNPINNED),
        Mirror("hub:clip-benchmark/wds_food101", accepted=False, note=UNPINNED),
    ),
    licence="none clear (Foodspotting)",
    citation="Bossard et al., ECCV 2014",
    folder="food-101",
    layouts=(("meta", "images"),),
    notes=("Training set of the authors' sweeps, with SUN397 as their zero-shot set.",),
)

CLASSIFICATION_SETS = (
    CALTECH101,
    OXFORD_PETS,
    STANFORD_CARS,
    FLOWERS102,
    FGVC_AIRCRAFT,
    DTD,
    SUN397,
    EUROSAT,
    FOOD101,
)
